"""Counts, sums and latest values of events strictly before a moment."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.ops.temporal_counts import EventHistory

KEYS = np.array([7, 3, 7, -1, 7, 3])
WHEN = np.array([30, 10, 10, 5, 20, 10])
VALUES = np.array([1.0, 5, 4, 99, 2, -7])


def queries(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    keys, moments = zip(*pairs, strict=True)
    return np.array(keys), np.array(moments)


def test_counts_and_sums_are_of_events_strictly_before_the_moment() -> None:
    history = EventHistory(KEYS, WHEN, VALUES)
    pairs = queries((7, 10), (7, 11), (7, 20), (7, 99), (3, 11), (3, 10), (5, 99), (-1, 99))
    assert history.count(*pairs).tolist() == [0, 1, 1, 3, 2, 0, 0, 0]
    assert history.total(*pairs).tolist() == [0, 4, 4, 7, -2, 0, 0, 0]


def test_the_latest_and_the_largest() -> None:
    history = EventHistory(KEYS, WHEN, VALUES)
    pairs = queries((7, 10), (7, 25), (7, 99), (3, 12), (5, 99))
    np.testing.assert_array_equal(history.since(*pairs), [np.nan, 5, 69, 2, np.nan])
    np.testing.assert_array_equal(history.largest(*pairs), [np.nan, 4, 4, 5, np.nan])


def test_a_history_without_events() -> None:
    empty = np.zeros(0, np.int64)
    history = EventHistory(empty, empty, empty)
    pairs = queries((1, 5), (-1, 5))
    assert history.count(*pairs).tolist() == history.total(*pairs).tolist() == [0, 0]
    assert np.isnan(history.since(*pairs)).all()
    assert np.isnan(history.largest(*pairs)).all()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_answers_equal_those_of_a_loop(seed: int, size: int) -> None:
    generator = np.random.default_rng(seed)
    keys, when = generator.integers(-1, 5, size), generator.integers(0, 8, size)
    values = generator.integers(-3, 9, size).astype(float)
    pairs = generator.integers(0, 6, 20), generator.integers(-1, 10, 20)
    history = EventHistory(keys, when, values)
    results = zip(
        history.count(*pairs), history.total(*pairs), history.largest(*pairs),
        history.since(*pairs), strict=True,
    )  # fmt: skip
    for key, moment, (count, total, largest, since) in zip(*pairs, results, strict=True):
        before = (keys == key) & (when < moment)
        assert (count, total) == (before.sum(), values[before].sum())
        expected = (
            [values[before].max(), moment - when[before].max()] if before.any() else [np.nan] * 2
        )
        np.testing.assert_array_equal([largest, since], expected)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(0, 5), st.integers(0, 3))
def test_a_window_and_a_step_back_equal_those_of_a_loop(
    seed: int, size: int, within: int, back: int
) -> None:
    generator = np.random.default_rng(seed)
    keys, when = generator.integers(-1, 5, size), generator.integers(0, 8, size)
    pairs = generator.integers(0, 6, 20), generator.integers(-1, 10, 20)
    history = EventHistory(keys, when, np.arange(size))
    for key, moment, count, latest in zip(
        *pairs, history.count(*pairs, within), history.latest(*pairs, back), strict=True
    ):
        assert count == ((keys == key) & (when < moment) & (when >= moment - within)).sum()
        ordered = sorted((when[row], row) for row in range(size) if keys[row] == key)
        before = [row for at, row in ordered if at < moment]
        expected = before[-1 - back] if len(before) > back else np.nan
        np.testing.assert_equal(latest, expected)
