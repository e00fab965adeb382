from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from in_memory import at, dataset_of

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.popularity import Popularity, fallback, popularity
from recsys.testing import EmbeddingContract


class TestPopularity(EmbeddingContract):
    folds_in = False

    def make(self, **change: Any) -> Popularity:
        return Popularity(**{"window": 30, **change})


def named(data: Dataset, scores: np.ndarray) -> dict[Any, float]:
    return dict(zip(data.products.ids.tolist(), scores.tolist(), strict=True))


def test_target_events_are_counted(shop: Dataset) -> None:
    scores = Popularity().fit(shop).score(np.array([0, 1]))
    assert named(shop, scores[0]) == {"milk": 2, "bread": 2, "jam": 2, "tea": 1}
    np.testing.assert_array_equal(scores[0], scores[1])
    viewed = Popularity().fit(replace(shop, targets=("view",))).score(np.array([0]))
    assert named(shop, viewed[0]) == {"milk": 1, "bread": 0, "jam": 0, "tea": 0}


def test_the_window_ends_at_the_cutoff_and_includes_its_first_moment(shop: Dataset) -> None:
    as_of = at("2026-01-08T00:00:01")
    past = shop.select(shop.interactions.when < as_of, as_of=as_of)
    # One day and a second before: tea of the 8th and jam of the 7th; ties by all time.
    counts = named(shop, popularity(past, 1 + 1 / 86_400))
    ever = {"milk": 2, "bread": 2, "jam": 1, "tea": 1}
    recent = {"milk": 0, "bread": 0, "jam": 1, "tea": 1}
    wanted = {name: float(recent[name] + Fraction(ever[name], 3)) for name in ever}
    assert counts == pytest.approx(wanted, rel=1e-6)
    # A second less, and the jam of the 7th at midnight is out.
    assert named(shop, popularity(past, 1))["jam"] == pytest.approx(1 / 3)


def test_the_window_counts_positions_on_a_clock_of_order() -> None:
    table = {"customer_id": [1] * 4, "product_id": ["x", "y", "y", "z"], "order": [1, 2, 8, 9]}
    data = dataset_of(table)
    counts = named(data, popularity(data, 2))
    assert counts == pytest.approx({"x": 1 / 3, "y": 1 + 2 / 3, "z": 1 + 1 / 3})


def test_without_a_clock_all_events_count() -> None:
    data = dataset_of({"customer_id": [1, 2], "product_id": ["x", "x"]})
    assert popularity(data, 7).tolist() == [2]


def test_the_fallback_never_outweighs_an_opinion(shop: Dataset) -> None:
    counts = named(shop, fallback(shop))
    assert counts == pytest.approx({"milk": 1e-6, "bread": 1e-6, "jam": 1e-6, "tea": 5e-7})


@pytest.mark.parametrize("window", [0, -1, float("nan"), float("inf")])
def test_a_window_is_above_zero(window: float) -> None:
    with pytest.raises(InputError, match=r"model.window: expected a number > 0"):
        Popularity(window=window)
