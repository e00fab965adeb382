"""Compressed sparse rows: which row an entry belongs to, and the entries of some rows."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

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


def search_ranges(
    values: NDArray[Any],
    starts: IntArray,
    ends: IntArray,
    wanted: NDArray[Any],
    side: Literal["left", "right"] = "left",
) -> IntArray:
    """Where n values belong in n sorted ranges, as `numpy.searchsorted`; all ranges at once.

    Args:
        values: [m], ascending within each range.
        starts: [n] first position of each range.
        ends: [n] the position behind the last one.
        wanted: [n] the value to look for in each range.
        side: "left" for the first suitable position, "right" for the last.

    Returns:
        [n] int64 positions from start to end.

    >>> search_ranges(np.array([1, 5, 2, 4]), np.array([0, 2]), np.array([2, 4]), np.array([3, 4]))
    array([1, 3])
    """
    low, high = starts.astype(np.int64), ends
    # A range of length n is empty after bit_length(n) halvings.
    for _ in range(int((ends - starts).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        # An empty range may end where the next one, or nothing, begins.
        there = values.take(middle, mode="clip")
        is_right = (there <= wanted if side == "right" else there < wanted) & (low < high)
        low, high = np.where(is_right, middle + 1, low), np.where(is_right, high, middle)
    return low
