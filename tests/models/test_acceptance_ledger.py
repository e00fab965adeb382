import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.models.acceptance.event_history import EventHistory

KEYS = np.array([7, 3, 7, -1, 7, 3])
WHEN = np.array([30, 10, 10, 5, 20, 10])
VALUES = np.array([1.0, 5, 4, 99, 2, -7])


def asked(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    keys, moments = zip(*pairs, strict=True)
    return np.array(keys), np.array(moments)


def test_counts_and_sums_are_of_what_lies_strictly_before() -> None:
    ledger = EventHistory(KEYS, WHEN, VALUES)
    questions = asked((7, 10), (7, 11), (7, 20), (7, 99), (3, 11), (3, 10), (5, 99), (-1, 99))
    assert ledger.count(*questions).tolist() == [0, 1, 1, 3, 2, 0, 0, 0]
    assert ledger.total(*questions).tolist() == [0, 4, 4, 7, -2, 0, 0, 0]


def test_the_last_and_the_largest() -> None:
    ledger = EventHistory(KEYS, WHEN, VALUES)
    questions = asked((7, 10), (7, 25), (7, 99), (3, 12), (5, 99))
    np.testing.assert_array_equal(ledger.since(*questions), [np.nan, 5, 69, 2, np.nan])
    np.testing.assert_array_equal(ledger.largest(*questions), [np.nan, 4, 4, 5, np.nan])


def test_a_ledger_without_events() -> None:
    empty = np.zeros(0, np.int64)
    ledger = EventHistory(empty, empty, empty)
    questions = asked((1, 5), (-1, 5))
    assert ledger.count(*questions).tolist() == ledger.total(*questions).tolist() == [0, 0]
    assert np.isnan(ledger.since(*questions)).all()
    assert np.isnan(ledger.largest(*questions)).all()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_answers_equal_those_of_a_loop(seed: int, size: int) -> None:
    generator = np.random.default_rng(seed)
    keys, when = generator.integers(-1, 5, size), generator.integers(0, 8, size)
    values = generator.integers(-3, 9, size).astype(float)
    questions = generator.integers(0, 6, 20), generator.integers(-1, 10, 20)
    ledger = EventHistory(keys, when, values)
    found = zip(
        ledger.count(*questions), ledger.total(*questions), ledger.largest(*questions),
        ledger.since(*questions), strict=True,
    )  # fmt: skip
    for key, moment, (count, total, largest, since) in zip(*questions, found, strict=True):
        before = (keys == key) & (when < moment)
        assert (count, total) == (before.sum(), values[before].sum())
        expected = (
            [values[before].max(), moment - when[before].max()] if before.any() else [np.nan] * 2
        )
        np.testing.assert_array_equal([largest, since], expected)
