"""Capacity of touchpoints: what is free of it, and that it is not promised twice."""

from collections.abc import Sequence

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError


def require_capacity(
    booked: IntArray | FloatArray, capacity: FloatArray, names: Sequence[str]
) -> FloatArray:
    """What of each capacity is free.

    Args:
        booked: [T] decisions of the day that are already made.
        capacity: [T] of the day, inf without a limit.
        names: [T] of the touchpoints.

    Returns:
        [T] float64.

    Raises:
        InputError: more is booked than there is room for; names the touchpoint.
    """
    free = np.asarray(capacity, np.float64) - np.asarray(booked, np.float64)
    over = np.flatnonzero(free < 0)
    if len(over):
        row = int(over[0])
        raise InputError(
            f"policy.capacity.{names[row]}: expected at least the {booked[row]:,.0f} decisions "
            f"that are already booked for the day, got {capacity[row]:,.0f}; raise it, or take "
            "decisions out of the log"
        )
    return free
