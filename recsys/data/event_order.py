"""The order of events: by moment, and by further keys where moments are equal."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import IntArray
from recsys.ops.chunks import slices

NEVER = np.iinfo(np.int64).max
"""The time of a published test row without a timestamp: later than every cut-off."""

Key: TypeAlias = Callable[[Any], NDArray[Any]]
"""Rows, as a slice or positions [n] -> the numbers [n] by which they are sorted."""

_RUN = 1 << 17
_BITS = 63


def event_order(when: IntArray, keys: Sequence[Key]) -> IntArray | None:
    """Positions [n] that sort events by moment and, where tied, by each key in turn.

    Equal events keep the order of their rows. Moment and row are packed into one 64-bit number and
    sorted as such, many times as fast as a stable sort of positions; where they do not fit, the
    last bits of the moment are left to the second step, which sorts runs of equal moments.

    Args:
        when: [n] int64 moments; `NEVER` is the latest.
        keys: of the rows of the table.

    Returns:
        int32, int64 beyond 2^31 events; None where the events are in this order already.
    """
    count = len(when)
    order: IntArray = np.arange(count, dtype=np.int32 if count < 2**31 else np.int64)
    low, high, is_sorted = _bounds(when)
    dropped = 0
    if not is_sorted:
        width = _bits(count)
        dropped = max(0, _bits(high - low + 2) + width - _BITS)
        packed = _packed(when, low, high, dropped, width)
        packed.sort()
        for chunk in slices(count):
            order[chunk] = packed[chunk] & ((1 << width) - 1)
        del packed

    def moments(rows: IntArray) -> IntArray:
        return _since(when[rows], low, high)

    changed = not is_sorted
    for run in _runs(order, moments, dropped):
        again = _refined(order[run], moments, dropped, keys)
        if again is not None:
            order[run], changed = again, True
    return order if changed else None


def _bounds(when: IntArray) -> tuple[int, int, bool]:
    """The first and the last moment that are known, and whether all are in order."""
    low, high, is_sorted, last = NEVER, 0, True, None
    for chunk in slices(len(when)):
        part = when[chunk]
        is_sorted &= bool((part[1:] >= part[:-1]).all()) and (last is None or part[0] >= last)
        last = part[-1]
        known = part[part != NEVER]
        if len(known):
            low, high = min(low, int(known.min())), max(high, int(known.max()))
    return (low, high, is_sorted) if low != NEVER else (0, 0, is_sorted)


def _since(when: IntArray, low: int, high: int) -> IntArray:
    return np.where(when == NEVER, high - low + 1, when - low)


def _packed(when: IntArray, low: int, high: int, dropped: int, width: int) -> IntArray:
    packed = np.empty(len(when), np.int64)
    for chunk in slices(len(when)):
        rows = np.arange(chunk.start, chunk.stop)
        packed[chunk] = (_since(when[chunk], low, high) >> dropped) << width | rows
    return packed


def _runs(order: IntArray, moments: Key, dropped: int) -> Iterator[slice]:
    """Slices of about `_RUN` events that end where a moment does."""
    start = 0
    while start < len(order):
        stop = min(start + _RUN, len(order))
        while stop < len(order):
            # The next run begins with the first moment that differs from the last of this one.
            last = moments(order[stop - 1 : stop]) >> dropped
            ahead = moments(order[stop : stop + _RUN]) >> dropped
            same = int(np.argmax(np.append(ahead != last, True)))
            stop += same
            if same < len(ahead):
                break
        yield slice(start, stop)
        start = stop


def _refined(rows: IntArray, moments: Key, dropped: int, keys: Sequence[Key]) -> IntArray | None:
    """The rows of a run with ties broken by the keys; None where they stay in place."""
    group, at = _groups(moments(rows) >> dropped), np.arange(len(rows))
    result = rows.copy()
    for key in (moments, *keys) if dropped else keys:
        # Only those that are still tied go on.
        is_first = np.append(True, group[1:] != group[:-1])
        tied = np.flatnonzero(~(is_first & np.append(is_first[1:], True)))
        if not len(tied):
            break
        group, at = group[tied], at[tied]
        values = key(result[at])
        within = _sorted_within(group, values)
        result[at], values = result[at[within]], values[within]
        group = _groups(group, values)
    return None if np.array_equal(result, rows) else result


def _groups(*keys: NDArray[Any]) -> IntArray:
    """Ascending numbers [n] of the runs in which all keys [n] stay the same."""
    differs = np.zeros(len(keys[0]), dtype=bool)
    for key in keys:
        differs[1:] |= key[1:] != key[:-1]
    return np.cumsum(differs)


def _sorted_within(group: IntArray, values: NDArray[Any]) -> IntArray:
    """Positions that sort by group, which ascends, then by value, then by position."""
    if values.dtype.kind == "f":
        return np.lexsort((values, group))
    low, width = int(values.min()), _bits(len(values))
    span = _bits(int(values.max()) - low + 1)
    if _bits(int(group[-1]) + 1) + span + width > _BITS:
        return np.lexsort((values, group))
    packed = (group.astype(np.int64) << span | (values.astype(np.int64) - low)) << width
    packed |= np.arange(len(values))
    packed.sort()
    return packed & ((1 << width) - 1)


def _bits(count: int) -> int:
    """Bits that hold the numbers below `count`."""
    return max(1, (count - 1).bit_length())
