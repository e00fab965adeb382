"""Binary search in the sorted times of each row."""

import numpy as np

from recsys.arrays import IntArray
from recsys.ops.csr import search_ranges


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
