"""Purposes against the truth of the market and against rules, their stability, speed and memory."""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter, process_time

import numpy as np
from sklearn.metrics import adjusted_rand_score

from benchmarks.suite import require_at_least, root_of_suite
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.evaluation.reliability import reliability
from recsys.experiments.cost import peak_memory_mb, reset_peak_memory
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.rules import rule_strands
from recsys.journeys.purposes.stability import stability
from recsys.journeys.purposes.strands import Strands
from recsys.simulation.source import SimulatedMarket
from recsys.simulation.true_purposes import with_true_purposes

_BARE = (columns.CATEGORY, columns.PRICE, columns.MARGIN, columns.NAME)
_FRESH = 500
_RULES = ("customer_category", "customer_category_50_days", "sessions", "customer_15_days")
"""Keys of the rules, in the order of `rule_strands`."""


class PurposesSuite:
    """Strands of events with a true purpose, with the category of products and without.

    Args:
        events: of the market whose strands are compared with the truth.
        large: of the market that is timed; 0 for none.
        complete_journey: folder of that set, for its stability; null for none.
        seeds: fits with other seeds, and pairs of halves of the customers.
        orders: fits with the vertices of the graph in other orders.
        seed: of the market.
    """

    def __init__(
        self,
        *,
        events: int,
        large: int,
        complete_journey: str | None,
        seeds: int,
        orders: int,
        seed: int = 0,
    ) -> None:
        require_at_least(1_000, events=events)
        require_at_least(0, large=large)
        require_at_least(2, seeds=seeds, orders=orders)
        self.events, self.large, self.seed = events, large, seed
        self.seeds, self.orders = seeds, orders
        self.source: CompleteJourney | None = None
        if complete_journey is not None:
            with root_of_suite():
                self.source = CompleteJourney(root=complete_journey)

    def figures(self) -> Mapping[str, float]:
        """Keys index_*, ece_*, and for each data set seeds_*, orders_*, halves_*; large_*."""
        data, truth = with_true_purposes(SimulatedMarket(events=self.events, seed=self.seed))
        bare = _without(data)
        made = _rules(data, truth)
        for name, each, column in (("category", data, columns.CATEGORY), ("bare", bare, None)):
            strands = PurposeModel(column=column).fit(each).assign(each)
            made |= {f"index_{name}": _index(truth, strands.of_event)}
            made |= {f"ece_{name}": _calibration(each, truth, strands)}
            made |= self._stability(f"market_{name}", each, column)
        if self.source is not None:
            journey = Dataset.from_source(self.source)
            made |= self._stability("complete_journey_category", journey, columns.CATEGORY)
            made |= self._stability("complete_journey_bare", journey, None)
        if self.large:
            made |= _timed(self.large, self.seed)
        return made

    def _stability(self, name: str, data: Dataset, column: str | None) -> dict[str, float]:
        # A column gives the same purposes in every order.
        orders = self.orders if column is None else 2
        found = stability(
            data,
            lambda seed, order: PurposeModel(column=column, seed=seed, shuffle=order),
            seeds=self.seeds,
            orders=orders,
        )
        return {
            f"seeds_{name}": found.seeds,
            f"orders_{name}": found.orders,
            f"halves_{name}": found.halves,
        }


def _without(data: Dataset) -> Dataset:
    """The data without category, price and name of products."""
    products = data.side_tables["products"]
    bare = products.drop(columns=[name for name in _BARE if name in products])
    return replace(data, side_tables={**data.side_tables, "products": bare})


def _index(truth: IntArray, strands: IntArray) -> float:
    """Adjusted Rand index over all events with a true purpose, all customers pooled."""
    has = truth >= 0
    return float(adjusted_rand_score(truth[has], strands[has]))


def _rules(data: Dataset, truth: IntArray) -> dict[str, float]:
    category = PurposeModel().fit(data).tree.purpose
    cut = rule_strands(data, truth >= 0, category)
    return {
        f"index_{key}": _index(truth, strands)
        for key, strands in zip(_RULES, cut.values(), strict=True)
    }


def _calibration(data: Dataset, truth: IntArray, strands: Strands) -> float:
    """Expected calibration error of the probability that a visit continues its strand."""
    probability, right, customers = continued(data, truth, strands)
    return reliability(probability, right, customers, resamples=20).ece


def continued(
    data: Dataset, truth: IntArray, strands: Strands
) -> tuple[FloatArray, BoolArray, IntArray]:
    """Of visits that continue a strand: probability, whether the purpose is the same, customer."""
    when = data.interactions.when
    assert when is not None
    rows = np.flatnonzero(truth >= 0)
    rows = rows[np.argsort(strands.of_event[rows], kind="stable")]
    goes_on = np.diff(strands.of_event[rows]) == 0
    earlier, later = rows[:-1][goes_on], rows[1:][goes_on]
    apart = when[later] - when[earlier] > 30 * 60 * 1_000_000
    earlier, later = earlier[apart], later[apart]
    return (
        strands.probability[later],
        truth[later] == truth[earlier],
        data.interactions.customers[later],
    )


def _timed(events: int, seed: int) -> dict[str, float]:
    data, truth = with_true_purposes(SimulatedMarket(events=events, seed=seed))
    bare = _without(data)
    reset_peak_memory()
    start = perf_counter()
    model = PurposeModel(column=None).fit(bare)
    strands = model.assign(bare)
    seconds = perf_counter() - start
    made = {
        "large_seconds": seconds,
        "large_peak_mb": peak_memory_mb(),
        "large_index": _index(truth, strands.of_event),
    }
    fresh = _fresh(bare, model, seed)
    return made | {
        "fresh_cpu_ms_median": float(np.median(fresh)),
        "fresh_cpu_ms_p95": float(np.quantile(fresh, 0.95)),
        "fresh_cpu_ms_most": float(np.max(fresh)),
    }


def _fresh(data: Dataset, model: PurposeModel, seed: int) -> list[float]:
    """Milliseconds of CPU from the events of a customer, with a fresh one, to its strand."""
    events = data.interactions
    order = np.argsort(events.customers, kind="stable")
    starts = np.searchsorted(events.customers[order], np.arange(len(data.customers) + 1))
    with_events = np.flatnonzero(np.diff(starts))
    assert data.as_of is not None
    taken = []
    for customer in np.random.default_rng(seed).choice(with_events, _FRESH):
        mine = events.select(order[starts[customer] : starts[customer + 1]])
        start = process_time()
        model.assign_events(mine, data.as_of)
        taken.append(1_000 * (process_time() - start))
    return taken
