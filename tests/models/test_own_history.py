from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of, outside

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.own_history import OwnHistory
from recsys.testing import FilterContract


class TestOwnHistory(FilterContract):
    def make(self, **change: Any) -> OwnHistory:
        return OwnHistory(**change)


def test_what_was_had_again_and_the_rest_by_popularity(shop: Dataset) -> None:
    model = OwnHistory().fit(shop)
    scores = outside(shop, model.score(np.arange(4)))
    # bread, jam, milk, tea; ann had milk twice, cleo only tea, dan nothing.
    wanted = [[1, 1, 2, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    np.testing.assert_allclose(scores, np.add(wanted, [1e-6, 1e-6, 1e-6, 5e-7]), atol=1e-7)
    assert scores[3, 0] > scores[3, 3] > 0


def test_old_events_fade() -> None:
    table = {"customer_id": ["a"] * 3, "product_id": ["x", "x", "y"], "order": [1, 2, 5]}
    data = dataset_of(table)
    scores = outside(data, OwnHistory(half_life=1).fit(data).score(np.array([0])))
    # Ages 5, 4 and 1: one fresh event outweighs two old ones.
    np.testing.assert_allclose(scores, [[1 / 32 + 1 / 16, 1 / 2]], atol=2e-6)


def test_a_half_life_needs_a_clock() -> None:
    data = dataset_of({"customer_id": [1], "product_id": [1]})
    with pytest.raises(InputError, match=r"model.half_life: .* set it to null"):
        OwnHistory(half_life=3).fit(data)


@pytest.mark.parametrize("half_life", [0, -1, float("nan")])
def test_a_half_life_is_above_zero(half_life: float) -> None:
    with pytest.raises(InputError, match=r"model.half_life: expected a number > 0"):
        OwnHistory(half_life=half_life)
