from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of, outside
from public_data import published
from scipy.optimize import nnls

from recsys.data.dataset import Dataset
from recsys.data.sources.movielens import MovieLens
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.models import slim
from recsys.models.popularity import fallback
from recsys.models.slim import SLIM
from recsys.testing import FilterContract, PersonalisedContract
from recsys.testing.data import close, everyone, market


class TestSLIM(PersonalisedContract, FilterContract):
    def make(self, **change: Any) -> SLIM:
        return SLIM(**change)


class TestSLIMWithFewNeighbours(TestSLIM):
    """Few candidates, no l1 and hardly any l2, own products kept, actions weighted."""

    def make(self, **change: Any) -> SLIM:
        parts = {
            "neighbours": 4, "l1": 0, "l2": 1e-3, "self_weight": 0.5,
            "actions": {"purchase": 2, "view": 1},
        }  # fmt: skip
        return SLIM(**{**parts, **change})


@pytest.fixture
def three() -> Dataset:
    """Columns x = (1, 1, 1), y = (1, 1, 0), z = (0, 1, 0)."""
    return dataset_of({"customer_id": list("aabbbc"), "product_id": list("xyxyzx")})


def filter_of(model: SLIM, data: Dataset) -> np.ndarray:
    dense = model.fit(data).filter.toarray()
    order = np.argsort(data.products.ids)
    return dense[np.ix_(order, order)]


def weights_by_scipy(left: np.ndarray, right: np.ndarray, l1: float, l2: float) -> np.ndarray:
    """What the paper minimises for one product: non-negative least squares after Cholesky."""
    factor = np.linalg.cholesky(left.T @ left + l2 * np.eye(left.shape[1]))
    weights: np.ndarray = nnls(factor.T, np.linalg.solve(factor, left.T @ right - l1))[0]
    return weights


def test_a_regression_on_one_product_by_hand(three: Dataset) -> None:
    # x and z by y, y by x, as their cosines are the highest: (2 - 1/2) / (2 + 1) and so on.
    weights = filter_of(SLIM(l1=0.5, l2=1, neighbours=1), three)
    np.testing.assert_allclose(weights, [[0, 3 / 8, 0], [1 / 2, 0, 1 / 6], [0, 0, 0]], rtol=1e-5)


def test_a_score_is_the_sum_over_the_history(three: Dataset) -> None:
    model = SLIM(l1=0.5, l2=1, neighbours=1).fit(three)
    scores = outside(three, model.score(everyone(three)))
    wanted = [[1 / 2, 3 / 8, 1 / 6], [1 / 2, 3 / 8, 1 / 6], [0, 3 / 8, 0]]
    np.testing.assert_allclose(scores, wanted, atol=2e-6)


@pytest.mark.parametrize(("l1", "l2"), [(0.5, 1), (2, 0.1), (0, 3)])
def test_each_product_is_regressed_on_the_others(l1: float, l2: float) -> None:
    data = market()
    model = SLIM(l1=l1, l2=l2).fit(data)
    history = interaction_matrix(data).toarray().astype(np.float64)
    wanted = np.zeros_like(model.filter.toarray())
    for product in range(len(wanted)):
        others = np.delete(np.arange(len(wanted)), product)
        wanted[others, product] = weights_by_scipy(history[:, others], history[:, product], l1, l2)
    close(model.filter.toarray(), wanted, 1e-3)
    assert not model.filter.diagonal().any()
    assert model.filter.dtype == np.float32


def test_more_l1_leaves_fewer_weights() -> None:
    counts = [SLIM(l1=l1).fit(market()).filter.nnz for l1 in (0, 2, 8, 1_000)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0


def test_own_products_are_kept_by_their_weight() -> None:
    data = market()
    without, kept = (SLIM(self_weight=own).fit(data).score(everyone(data)) for own in (0, 3))
    close(kept - without, 3 * interaction_matrix(data).toarray(), 1e-5)


def test_a_product_of_nobody_has_the_fallback_only() -> None:
    data = market()
    scores = SLIM().fit(data).score(everyone(data))
    unsold = data.products.row("unsold")
    np.testing.assert_array_equal(scores[:, unsold], fallback(data)[unsold])


def test_old_events_fade() -> None:
    # Three steps before the end b has x and y, so each weighs 1/8: 1/64 / (1/64 + 1).
    table = {"customer_id": list("bba"), "product_id": list("xyz"), "order": [1, 1, 3]}
    weights = filter_of(SLIM(l1=0, l2=1, half_life=1), dataset_of(table))
    assert weights[1, 0] == pytest.approx(1 / 65, rel=1e-3)


@pytest.mark.parametrize("numbers", [1, 1_000])
def test_the_size_of_a_tile_changes_nothing(numbers: int, monkeypatch: Any) -> None:
    data = market()
    wanted = SLIM(neighbours=6).fit(data).score(everyone(data))
    monkeypatch.setattr(slim, "_NUMBERS_AT_ONCE", numbers)
    np.testing.assert_array_equal(SLIM(neighbours=6).fit(data).score(everyone(data)), wanted)


@pytest.mark.realdata
def test_movielens_is_solved_exactly() -> None:
    train = (
        TimeSplit().split(Dataset.from_source(MovieLens(root=published("movielens_100k")))).train
    )
    history = interaction_matrix(train)
    candidates, columns = slim.cosine_neighbours(history, 50), history.tocsc().astype(np.float64)
    model = SLIM(l1=2, l2=10, neighbours=50).fit(train)
    for product in np.argsort(-history.sum(axis=0))[::100]:
        others = candidates.indices[candidates.indptr[product] : candidates.indptr[product + 1]]
        aim = columns[:, [product]].toarray()[:, 0]
        wanted = weights_by_scipy(columns[:, others].toarray(), aim, 2, 10)
        fitted = model.filter[others][:, [product]].toarray()[:, 0]
        np.testing.assert_allclose(fitted, wanted, atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"l1": -1}, r"model.l1: expected a number >= 0, got -1"),
        ({"l2": float("nan")}, r"model.l2: expected a number >= 0, got nan"),
        ({"neighbours": 0}, r"model.neighbours: expected a number >= 1, got 0"),
        ({"self_weight": -0.1}, r"model.self_weight: expected a number >= 0"),
        ({"half_life": 0}, r"model.half_life: expected a number > 0"),
    ],
)
def test_out_of_range(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        SLIM(**settings)
