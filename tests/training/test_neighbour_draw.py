"""At most k of n: the latest are the last, and any set is as likely as any other."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from recsys.training.neighbours.draw import latest, uniform

counts_and_k = (st.lists(st.integers(0, 30), max_size=20), st.integers(1, 12))


def by_row(rows: np.ndarray, positions: np.ndarray, count: int) -> list[list[int]]:
    return [positions[rows == row].tolist() for row in range(count)]


def test_the_latest_by_hand() -> None:
    rows, positions = latest(np.array([0, 1, 3, 5]), 2)
    assert rows.tolist() == [1, 2, 2, 3, 3]
    assert positions.tolist() == [0, 1, 2, 3, 4]


@given(*counts_and_k)
def test_the_latest_are_the_last(counts: list[int], k: int) -> None:
    rows, positions = latest(np.array(counts, np.int64), k)
    assert by_row(rows, positions, len(counts)) == [list(range(n))[-k:] for n in counts]


@given(*counts_and_k, st.integers(0, 1000))
def test_uniform_draws_as_many_and_none_twice(counts: list[int], k: int, seed: int) -> None:
    rows, positions = uniform(np.array(counts, np.int64), k, np.random.default_rng(seed))
    assert (np.diff(rows) >= 0).all()
    for n, drawn in zip(counts, by_row(rows, positions, len(counts)), strict=True):
        assert len(set(drawn)) == len(drawn) == min(n, k)
        assert set(drawn) <= set(range(n))


@pytest.mark.parametrize(("n", "k"), [(6, 2), (7, 3), (5, 4), (3, 1)])
def test_every_set_is_as_likely(n: int, k: int) -> None:
    counts = np.full(40_000, n)
    counts[::2] = 100  # rows of other lengths in between change nothing
    rows, positions = uniform(counts, k, np.random.default_rng(0))
    drawn = np.sort(positions[rows % 2 == 1].reshape(-1, k), axis=1)
    result = Counter(map(tuple, drawn.tolist()))
    assert chisquare([result[subset] for subset in combinations(range(n), k)]).pvalue > 1e-4
    others = np.bincount(positions[rows % 2 == 0], minlength=100)
    assert chisquare(others).pvalue > 1e-4


def test_the_same_generator_draws_the_same() -> None:
    counts = np.arange(50)

    def drawn(seed: int) -> list[int]:
        return uniform(counts, 4, np.random.default_rng(seed))[1].tolist()

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)
