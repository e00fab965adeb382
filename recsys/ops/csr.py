"""Compressed sparse rows: which row an entry belongs to, and the entries of some rows."""

import numpy as np

from recsys.arrays import IntArray


def entry_rows(indptr: IntArray) -> IntArray:
    """Row number [nnz] int64 of each entry, from the pointers [n + 1] of n rows.

    >>> entry_rows(np.array([0, 2, 2, 3]))
    array([0, 0, 2])
    """
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def expand_ranges(starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Positions in n ranges [start, end), one range after the other.

    Args:
        starts: [n] first position of each range.
        ends: [n] the position behind the last one.

    Returns:
        [m] int64 range of each position, ascending, and beside it [m] int64 the position.

    >>> expand_ranges(np.array([5, 8]), np.array([7, 9]))
    (array([0, 0, 1]), array([5, 6, 8]))
    """
    lengths = ends - starts
    owners = np.repeat(np.arange(len(starts)), lengths)
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return owners, starts[owners] + within
