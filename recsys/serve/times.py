"""How times are kept: int64 UTC seconds, or positions in an order, and what stands for none."""

from datetime import datetime
from typing import Any, Literal, TypeAlias

import numpy as np

from recsys.errors import InputError

Clock: TypeAlias = Literal["timestamp", "order"]

OPEN_START = int(np.iinfo(np.int64).min)
"""A valid_from where something has always been on offer."""
OPEN_END = int(np.iinfo(np.int64).max)
"""A valid_to where no end is known; an event's time where none is known."""

FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999: UTC seconds that a calendar can show."""


def seconds(name: str, moment: Any) -> int:
    """UTC seconds of a datetime with a time zone, or of seconds; `name` is for messages.

    Raises:
        InputError: a datetime without a time zone, a moment of no year 1 to 9999, something else.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise InputError(
                f"{name}: expected a time zone with {moment.isoformat()}, such as +00:00"
            )
        return int(moment.timestamp())
    is_whole = isinstance(moment, int | np.integer) and not isinstance(moment, bool)
    if not is_whole or not FIRST_SECOND <= moment <= LAST_SECOND:
        raise InputError(f"{name}: expected a datetime or its UTC seconds, got {moment!r}")
    return int(moment)
