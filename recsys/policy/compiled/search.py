"""The entries of customer rows, and binary search in their sorted times."""

import numpy as np

from recsys.arrays import IntArray
from recsys.ops.csr import search_ranges


def ranges_of(starts: IntArray, rows: IntArray) -> tuple[IntArray, IntArray]:
    """[B] where the entries of customer rows [B] begin and end; an unknown customer, -1, has none.

    Args:
        starts: [C + 1] where the entries of each customer begin.
        rows: [B].
    """
    known = rows >= 0
    return np.where(known, starts[rows], 0), np.where(known, starts[rows + 1], 0)


def positions_after(
    values: IntArray, starts: IntArray, ends: IntArray, wanted: IntArray
) -> IntArray:
    """[B] int64 position behind the last value up to `wanted` [B] in each range [start, end).

    Args:
        values: [n], ascending within each range.
        starts: [B] first position of each range.
        ends: [B] the position behind the last one.
        wanted: [B] the value to look for in each range.
    """
    if len(starts) == 1:  # one customer is waiting: a tenth of the time
        start, end = int(starts[0]), int(ends[0])
        within = values[start:end].searchsorted(wanted[0], side="right")
        return np.array([start + within], np.int64)
    return search_ranges(values, starts, ends, wanted, side="right")
