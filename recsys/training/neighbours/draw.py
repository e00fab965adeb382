"""Chooses k of n edges of each node: the latest, or any."""

import numpy as np

from recsys.arrays import IntArray


def latest(counts: IntArray, k: int) -> tuple[IntArray, IntArray]:
    """The last k of n positions in each row; all where there are fewer.

    Args:
        counts: [R] int64, n of each row.
        k: most positions of a row.

    Returns:
        Rows [m] int64 in ascending order and, beside them, positions [m] int64 in [0, n),
        ascending in each row.
    """
    taken = np.minimum(counts, k)
    rows = np.repeat(np.arange(len(counts)), taken)
    before = np.cumsum(taken) - taken
    return rows, np.arange(len(rows)) + (counts - taken - before)[rows]


def uniform(counts: IntArray, k: int, generator: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Any k of n positions in each row, all sets equally likely; all where there are fewer.

    Args:
        counts: [R] int64, n of each row.
        k: most positions of a row.
        generator: of the draws.

    Returns:
        As `latest`; positions in no particular order.
    """
    rows, positions = latest(counts, k)
    abundant = counts > k
    positions[abundant[rows]] = _floyd(counts[abundant], k, generator).T.ravel()
    return rows, positions


def _floyd(counts: IntArray, k: int, generator: np.random.Generator) -> IntArray:
    """[k, R] distinct positions below counts [R], all above k.

    Bentley and Floyd, Programming Pearls: A Sample of Brilliance (1987): k draws a row, none
    rejected; a repeated draw is replaced by the position that could not be drawn before.
    """
    chosen = np.empty((k, len(counts)), np.int64)
    for taken in range(k):
        last = counts - k + taken
        drawn = generator.integers(0, last, endpoint=True)
        repeated = (chosen[:taken] == drawn).any(axis=0)
        chosen[taken] = np.where(repeated, last, drawn)
    return chosen
