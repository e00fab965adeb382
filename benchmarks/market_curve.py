"""How close models come to the oracle of the simulated market as it grows."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from benchmarks.market_picture import curve
from benchmarks.suite import ends, run_folder
from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.data.source import Source
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.paired import paired_difference
from recsys.evaluation.per_query import evaluate
from recsys.experiments.cost import peak_memory_mb, reset_peak_memory
from recsys.experiments.run import prepare
from recsys.experiments.target_classes import class_of_target
from recsys.models.base import Embeddings, Recommender
from recsys.models.graph_filter import GraphFilter
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.models.touchpoint_preference import with_touchpoints
from recsys.training.objectives import Softmax

K = 10
MOST_TARGETS = 20_000
"""Most target events that are used for the touchpoint metrics."""

Ask = Callable[[IntArray, IntArray], FloatArray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Targets:
    """Target events of valid at a known touchpoint; row numbers [n]."""

    customers: IntArray
    products: IntArray
    touchpoints: IntArray


class MarketOracle(Recommender, Protocol):
    """Knows the truth of a market."""

    def score_touchpoints(self, customers: IntArray, products: IntArray) -> FloatArray:
        """[Q, T] the expected score of each pair at each touchpoint."""
        ...


class MarketCurveSuite:
    """Quality of offers and touchpoints on valid, as a share of the oracle's, by market size.

    The oracle knows tastes, drift and all current purposes, and also whether they will continue: no
    model of events can know all of this.

    Args:
        market: class of the source, told `events` and `seed`.
        oracle: class of its oracle, told `market`, and maybe to leave out the three-way term.
        sizes: events, ascending.
        settings: of `TouchpointGNN`, with `objective` of its softmax.
        half_life: of the graph filter, days.
        seed: of the market.
        allow: packages besides recsys that the two classes may come from.
    """

    def __init__(
        self,
        *,
        market: str,
        oracle: str,
        sizes: Sequence[int],
        settings: Mapping[str, Any],
        half_life: float = 30.0,
        seed: int = 0,
        allow: Sequence[str] = (),
    ) -> None:
        if not sizes or list(sizes) != sorted(set(sizes)):
            raise InputError(f"suite.sizes: expected ascending numbers of events, got {sizes}")
        arguments = dict(settings)
        self.objective, self.settings = arguments.pop("objective"), arguments
        self.half_life = half_life
        self.sizes = sizes
        market_class = class_of_target(market, f"suite.market={market}", allow, "load")
        self.markets = [market_class(events=size, seed=seed) for size in sizes]
        self.oracle: Callable[..., MarketOracle] = class_of_target(
            oracle, f"suite.oracle={oracle}", allow, "fit"
        )
        self._network()

    def figures(self) -> Mapping[str, float]:
        """Names end in the number of events; writes curve.png into the run's folder."""
        numbers: dict[str, float] = {}
        for size, market in zip(self.sizes, self.markets, strict=True):
            of_size = self._of_market(market)
            numbers |= {f"{name}_{size}": value for name, value in of_size.items()}
        curve(numbers, self.sizes, run_folder() / "curve.png")
        return numbers

    def _network(self) -> TouchpointGNN:
        return TouchpointGNN(**self.settings, objective=Softmax(**self.objective))

    def _of_market(self, market: Source) -> dict[str, float]:
        # The cost includes loading, but not the oracle and the rival.
        reset_peak_memory()
        start = time.perf_counter()
        _, split, _ = prepare(market, TimeSplit())
        window = split.valid
        model = self._network().fit(window.past)
        values = {"touchpoint_gnn": _ndcg(model, window)}
        numbers = {"seconds": time.perf_counter() - start, "peak_memory_mb": peak_memory_mb()}
        oracle = self.oracle(market=market).fit(window.past)
        pairwise = self.oracle(market=market, three_way=False).fit(window.past)
        rival = GraphFilter(half_life=self.half_life).fit(window.past)
        values |= {"graph_filter": _ndcg(rival, window), "oracle": _ndcg(oracle, window)}
        customers = window.queries.customers
        numbers |= _shares("ndcg", values, customers)
        paired = paired_difference(values["touchpoint_gnn"], values["graph_filter"], customers)
        numbers |= ends("over_filter", paired)
        targets = _targets(split.test.past, window)
        numbers |= _shares(
            "touchpoint", _guesses(model, oracle, window.past, targets), targets.customers
        )
        return numbers | _at_touchpoints(model, oracle, pairwise, window, targets)


def _ndcg(model: Any, window: Window) -> FloatArray:
    results = evaluate(model.score, window.queries, [K], metrics=["ndcg"])
    return results.values[f"ndcg@{K}"]


def _shares(name: str, values: Mapping[str, FloatArray], customers: IntArray) -> dict[str, float]:
    """Means with intervals, and shares of the oracle's mean."""
    numbers: dict[str, float] = {}
    intervals = bootstrap(dict(values), customers)
    for model, interval in intervals.items():
        numbers |= ends(f"{name}_{model}", interval)
        if model != "oracle":
            numbers[f"{name}_{model}_of_oracle"] = interval.mean / intervals["oracle"].mean
    return numbers


def _targets(data: Dataset, window: Window) -> Targets:
    events = data.interactions
    assert events.when is not None
    assert window.start is not None
    rows = np.flatnonzero(
        data.is_target & (events.touchpoints >= 0) & (events.when >= window.start)
    )
    rows = np.random.default_rng(0).permutation(rows)[:MOST_TARGETS]
    chosen = events.select(rows)
    return Targets(
        customers=chosen.customers, products=chosen.products, touchpoints=chosen.touchpoints
    )


def _guesses(
    model: TouchpointGNN, oracle: MarketOracle, past: Dataset, targets: Targets
) -> dict[str, FloatArray]:
    """Whether the first guess is the touchpoint of the event."""
    embeddings = model.embeddings()
    empty = Embeddings(
        customers=np.zeros((len(past.customers), 1), np.float32),
        products=np.zeros((len(past.products), 1), np.float32),
    )
    counting = with_touchpoints(empty, past)
    scores = {
        "touchpoint_gnn": _by_sum(embeddings, targets),
        "counting": _by_sum(counting, targets),
        "oracle": oracle.score_touchpoints(targets.customers, targets.products),
    }
    return {
        name: (score.argmax(axis=1) == targets.touchpoints).astype(np.float64)
        for name, score in scores.items()
    }


def _by_sum(embeddings: Embeddings, targets: Targets) -> FloatArray:
    assert embeddings.touchpoints is not None
    known = embeddings.customers[targets.customers] + embeddings.products[targets.products]
    scores: FloatArray = known @ embeddings.touchpoints.T
    return scores


def _at_touchpoints(
    model: TouchpointGNN,
    oracle: MarketOracle,
    pairwise: MarketOracle,
    window: Window,
    targets: Targets,
) -> dict[str, float]:
    """NDCG of products at the touchpoint of each target, and the loss of a sum of pairs."""
    eligible = window.queries.eligible
    values = {
        "oracle": _at(oracle.score, targets, eligible),
        "pairwise_oracle": _at(pairwise.score, targets, eligible),
        "touchpoint_gnn": _at(model.score, targets, eligible),
        "without_touchpoint": _at(lambda rows, _: model.score(rows), targets, eligible),
    }
    numbers = _shares("at_touchpoint", values, targets.customers)
    lost = paired_difference(values["oracle"], values["pairwise_oracle"], targets.customers)
    return numbers | ends("three_way_loss", lost)


def _at(score: Ask, targets: Targets, eligible: Any) -> FloatArray:
    """[n] NDCG of the one product taken: 1 / log2(1 + rank), 0 beyond rank K."""
    values = np.zeros(len(targets.customers))
    for start in range(0, len(values), 1024):
        rows = slice(start, start + 1024)
        scores = np.where(
            eligible, score(targets.customers[rows], targets.touchpoints[rows]), -np.inf
        )
        taken = np.take_along_axis(scores, targets.products[rows, None].astype(np.int64), axis=1)
        rank = 1 + (scores > taken).sum(axis=1)
        values[rows] = np.where(rank <= K, 1 / np.log2(1 + rank), 0.0)
    return values
