"""Moments until which something holds: int64 UTC seconds, open at either end."""

import numpy as np

from recsys.arrays import BoolArray, IntArray

OPEN_START = int(np.iinfo(np.int64).min)
"""A valid_from without a start; a moment before all others."""
OPEN_END = int(np.iinfo(np.int64).max)
"""A valid_to without an end; a moment that never comes, or that is not known."""

DAY = 86_400

_SECOND = 1_000_000


def ends(when: IntArray, seconds: IntArray | int) -> IntArray:
    """UTC seconds [n] so many seconds after events, fractions of a second rounded up.

    Args:
        when: [n] int64 UTC microseconds.
        seconds: one number or [n].
    """
    return -(-when // _SECOND) + seconds


def holds(until: IntArray, at: IntArray | int | None) -> BoolArray:
    """Whether it still holds [n].

    Args:
        until: [n] int64 UTC seconds; `OPEN_END` holds at any moment, `OPEN_START` at none.
        at: UTC seconds, one or [n]; None where moments cannot be compared: all hold but those that
            hold at no moment.
    """
    if at is None:
        return np.asarray(until != OPEN_START)
    return np.asarray((at < until) | (until == OPEN_END))


def latest(keys: IntArray, until: IntArray) -> tuple[IntArray, IntArray]:
    """Distinct keys, ascending, and the latest moment of each.

    Args:
        keys: [n] integers.
        until: [n] int64 UTC seconds.
    """
    order = np.argsort(keys, kind="stable")
    ascending = keys[order]
    starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: len(keys)])
    if not len(starts):
        return ascending, np.zeros(0, np.int64)
    return ascending[starts], np.maximum.reduceat(until[order], starts)
