import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.graph import time_gap
from recsys.graph.time_gap import had_together, time_gap_pairs


def shop(rows: list[tuple[str, str, int]]) -> Dataset:
    """Customer, product and second of each event."""
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "timestamp"])
    table["timestamp"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(table["timestamp"], unit="s")
    return dataset_of(table)


def everything(data: Dataset) -> np.ndarray:
    return data.interactions.products >= 0


def named(data: Dataset, matrix) -> np.ndarray:
    """In the order of sorted product ids."""
    order = np.argsort(data.products.ids)
    return matrix.toarray()[np.ix_(order, order)]


def test_by_hand() -> None:
    rows = [("a", "x", 0), ("a", "y", 60), ("a", "z", 180), ("b", "x", 0), ("b", "y", 0)]
    data = shop(rows)
    result = named(data, time_gap_pairs(data, everything(data), gap=60))
    xy, yz, xz = math.exp(-1) + 1, math.exp(-2), math.exp(-3)
    np.testing.assert_allclose(result, [[0, xy, xz], [xy, 0, yz], [xz, yz, 0]], rtol=1e-6)


def test_gaps_beyond_ten_times_are_left_out() -> None:
    data = shop([("a", "x", 0), ("a", "y", 600), ("b", "x", 0), ("b", "z", 601)])
    result = named(data, time_gap_pairs(data, everything(data), gap=60))
    assert result[0, 1] == pytest.approx(math.exp(-10), rel=1e-5)
    assert result[0, 2] == 0


def test_without_a_clock_all_of_a_customer_is_simultaneous() -> None:
    data = dataset_of({"customer_id": [1, 1, 1, 2], "product_id": ["x", "y", "z", "x"]})
    result = named(data, time_gap_pairs(data, everything(data), gap=60))
    np.testing.assert_array_equal(result, 1 - np.eye(3))


def test_only_the_events_asked_for_count() -> None:
    data = shop([("a", "x", 0), ("a", "y", 0), ("a", "z", 0)])
    used = data.interactions.products != data.products.row("z")
    for matrix in (time_gap_pairs(data, used, gap=60), had_together(data, used)):
        np.testing.assert_array_equal(named(data, matrix), [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_had_together_counts_customers_once() -> None:
    data = shop([("a", "x", 0), ("a", "x", 1), ("a", "y", 9), ("b", "y", 0), ("b", "x", 5)])
    np.testing.assert_array_equal(
        named(data, had_together(data, everything(data))), [[0, 2], [2, 0]]
    )


EVENTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("uvwxyz"), st.integers(0, 50)), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.sampled_from([1.0, 3.0, 20.0]), st.integers(1, 30))
def test_all_pairs_one_by_one(rows: list[tuple[str, str, int]], gap: float, at_once: int) -> None:
    data = shop(rows)
    wanted = np.zeros((len(data.products),) * 2)
    for i, (customer, product, when) in enumerate(rows):
        for other_customer, other, then in rows[:i]:
            if customer == other_customer and abs(when - then) <= 10 * gap:
                left, right = data.products.row(product), data.products.row(other)
                wanted[left, right] += math.exp(-abs(when - then) / gap) * (left != right)
                wanted[right, left] += math.exp(-abs(when - then) / gap) * (left != right)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time_gap, "_ENTRIES", at_once)
        result = time_gap_pairs(data, everything(data), gap=gap).toarray()
    np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-6)
