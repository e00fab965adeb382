"""In what batches queries are handed to the evaluation changes nothing that anybody could see."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.arrays import IntArray
from recsys.data.queries import Queries, Window
from recsys.data.split import TimeSplit
from recsys.evaluation.full_ranking import Score, rank
from recsys.evaluation.measures import OF_HITS
from recsys.evaluation.per_query import measured
from recsys.experiments.run import load
from recsys.models.als import ALS
from recsys.models.graph_filter import GraphFilter
from recsys.simulation import SimulatedMarket

METRICS = (*OF_HITS, "auc")
K = 20
MODELS = {"als": lambda: ALS(dim=16), "graph_filter": lambda: GraphFilter(dim=16)}


@pytest.fixture(scope="module")
def market() -> Window:
    return load(SimulatedMarket(events=20_000), TimeSplit())[1].valid


@pytest.fixture(scope="module", params=MODELS)
def score(market: Window, request: pytest.FixtureRequest) -> Score:
    return MODELS[request.param]().fit(market.past).score


def batches(queries: Queries, size: int, order: IntArray) -> Iterator[Queries]:
    for start in range(0, len(order), size):
        yield queries.select(order[start : start + size])


@pytest.mark.parametrize("size", [1, 7, 1024])
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_lists_and_metrics_agree(score: Score, market: Window, size: int, seed: int) -> None:
    queries = market.queries
    order = np.random.default_rng(seed).permutation(len(queries))[: 20 * size]
    whole = rank(score, queries, K, progress=False, in_full=True)
    parts = list(batches(queries, size, order))
    lists = [rank(score, part, K, progress=False, in_full=True) for part in parts]
    scores = np.concatenate([ranking.scores for ranking in lists])
    np.testing.assert_allclose(scores, whole.scores[order], rtol=0, atol=1e-6)
    # Another product at a place only where its score is as good as the same.
    columns = np.concatenate([ranking.columns for ranking in lists])
    moved = columns != whole.columns[order]
    for row in np.flatnonzero(moved.any(axis=1)):
        own = score(queries.customers[order[[row]]])[0]
        here, there = columns[row][moved[row]], whole.columns[order[row]][moved[row]]
        assert np.abs(own[here] - own[there]).max() < 1e-6
    results = [
        measured(ranking, part, [5, K], METRICS).values
        for ranking, part in zip(lists, parts, strict=True)
    ]
    for name, values in measured(whole, queries, [5, K], METRICS).values.items():
        together = np.concatenate([ranking[name] for ranking in results])
        np.testing.assert_allclose(together, values[order], rtol=0, atol=1e-6, err_msg=name)
