from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of, outside

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.models import item_knn
from recsys.models.item_knn import ItemKNN
from recsys.models.popularity import fallback
from recsys.testing import FilterContract, PersonalisedContract
from recsys.testing.data import close, everyone, market


class TestItemKNN(PersonalisedContract, FilterContract):
    def make(self, **change: Any) -> ItemKNN:
        return ItemKNN(**change)


class TestItemKNNWithFewNeighbours(TestItemKNN):
    """Few neighbours, no shrinkage, own products kept, actions weighted."""

    def make(self, **change: Any) -> ItemKNN:
        parts = {
            "neighbours": 3,
            "shrink": 0,
            "self_weight": 2,
            "actions": {"purchase": 2, "view": 1},
        }
        return ItemKNN(**{**parts, **change})


@pytest.fixture
def three() -> Dataset:
    """Columns x = (1, 1, 1), y = (1, 1, 0), z = (0, 1, 0)."""
    return dataset_of({"customer_id": list("aabbbc"), "product_id": list("xyxyzx")})


def filter_of(model: ItemKNN, data: Dataset) -> np.ndarray:
    dense = model.fit(data).filter.toarray()
    order = np.argsort(data.products.ids)
    return dense[np.ix_(order, order)]


@pytest.mark.parametrize(
    ("shrink", "xy", "xz", "yz"),
    [
        (0, 2 / sqrt(3 * 2), 1 / sqrt(3), 1 / sqrt(2)),
        # Two, one and one customer in common.
        (2, 2 / 4 * 2 / sqrt(3 * 2), 1 / 3 / sqrt(3), 1 / 3 / sqrt(2)),
    ],
)
def test_the_cosine_shrunk(three: Dataset, shrink: float, xy: float, xz: float, yz: float) -> None:
    similarities = filter_of(ItemKNN(shrink=shrink), three)
    np.testing.assert_allclose(similarities, [[0, xy, xz], [xy, 0, yz], [xz, yz, 0]], rtol=1e-6)


def test_strengths_count_in_the_cosine() -> None:
    # Columns x = (2, 1), y = (1, 0): 2 / (sqrt(5) * 1).
    data = dataset_of({"customer_id": list("aaab"), "product_id": list("xxyx")})
    similarities = filter_of(ItemKNN(shrink=0), data)
    np.testing.assert_allclose(similarities, [[0, 2 / sqrt(5)], [2 / sqrt(5), 0]], rtol=1e-6)


def test_neighbours_are_those_of_the_ranked_product(three: Dataset) -> None:
    similarities = filter_of(ItemKNN(shrink=0, neighbours=1), three)
    xy, yz = 2 / sqrt(6), 1 / sqrt(2)
    # Each column keeps its largest: x by y, y by x, z by y.
    np.testing.assert_allclose(similarities, [[0, xy, 0], [xy, 0, yz], [0, 0, 0]], rtol=1e-6)


def test_a_score_is_the_sum_over_the_history(three: Dataset) -> None:
    model = ItemKNN(shrink=0).fit(three)
    scores = outside(three, model.score(everyone(three)))
    xy, xz, yz = 2 / sqrt(6), 1 / sqrt(3), 1 / sqrt(2)
    wanted = [[xy, xy, xz + yz], [xy + xz, xy + yz, xz + yz], [0, xy, xz]]
    np.testing.assert_allclose(scores, wanted, atol=2e-6)


def test_own_products_are_kept_by_their_weight() -> None:
    data = market()
    without, kept = (
        ItemKNN(self_weight=self_weight).fit(data).score(everyone(data)) for self_weight in (0, 3)
    )
    close(kept - without, 3 * interaction_matrix(data).toarray(), 1e-5)


def test_a_product_of_nobody_has_the_fallback_only() -> None:
    data = market()
    scores = ItemKNN(self_weight=1).fit(data).score(everyone(data))
    unsold = data.products.row("unsold")
    np.testing.assert_array_equal(scores[:, unsold], fallback(data)[unsold])


def test_old_events_fade() -> None:
    # b's events are a day younger than a's, so x looks like z rather than like y.
    table = {"customer_id": list("aabb"), "product_id": list("xyxz"), "order": [1, 1, 2, 2]}
    data = dataset_of(table)
    similarities = filter_of(ItemKNN(shrink=0, half_life=1), data)
    np.testing.assert_allclose(similarities[0], [0, 1 / sqrt(5), 2 / sqrt(5)], rtol=1e-5)


@pytest.mark.parametrize("entries", [1, 40])
def test_the_size_of_a_block_changes_nothing(entries: int, monkeypatch: Any) -> None:
    data = market()
    wanted = ItemKNN(neighbours=4).fit(data).score(everyone(data))
    in_small = partial(item_knn.row_blocks, entries=entries)
    monkeypatch.setattr(item_knn, "row_blocks", in_small)
    scores = ItemKNN(neighbours=4).fit(data).score(everyone(data))
    np.testing.assert_array_equal(scores, wanted)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"neighbours": 0}, r"model.neighbours: expected a number >= 1, got 0"),
        ({"shrink": -1}, r"model.shrink: expected a number >= 0"),
        ({"self_weight": -0.1}, r"model.self_weight: expected a number >= 0"),
        ({"half_life": 0}, r"model.half_life: expected a number > 0"),
        ({"shrink": float("nan")}, r"model.shrink: .* got nan"),
    ],
)
def test_out_of_range(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        ItemKNN(**settings)
