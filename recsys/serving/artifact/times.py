"""Times as int64 UTC seconds, or positions in an order, from and to what people write."""

import time
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import numpy as np

from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.policy.compiled.times import FIRST_SECOND, LAST_SECOND, OPEN_END

Clock: TypeAlias = Literal["timestamp", "order"]
Moment: TypeAlias = datetime | int | str
"""A datetime with a time zone, UTC seconds, or a text such as 2026-01-31 or 2026-01-31T09:00+01:00,
which is in UTC where it has no zone. For an offer also "now" and "as_of", the cut-off of the
training."""

NOW, AS_OF = "now", "as_of"


def now() -> int:
    """The current time in UTC seconds."""
    return int(time.time())


def moment_of(at: Any, clock: Clock | None, as_of: int | None) -> int | None:
    """UTC seconds at which an offer is to be valid; None where dates are not checked.

    Args:
        at: a `Moment`; None for now. Where the clock does not count UTC seconds, now and "as_of"
            cannot be compared with dates, which are then checked only for other moments.
        clock: of the artifact.
        as_of: its cut-off, in units of the clock.

    Raises:
        InputError: `at` is not a moment.
    """
    if at is None or at == NOW:
        return now() if clock == "timestamp" else None
    if isinstance(at, str) and at == AS_OF:
        return as_of if clock == "timestamp" else None
    return seconds("at", at)


def seconds(name: str, moment: Any) -> int:
    """A moment in UTC seconds.

    Args:
        name: for messages.
        moment: a datetime with a time zone, a text (in UTC where it has no zone), or UTC seconds.

    Raises:
        InputError: a datetime without a time zone, a year outside 1 to 9999, or another type.
    """
    if isinstance(moment, str):
        moment = _read(name, moment)
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise InputError(
                f"{name}: expected a time zone with {moment.isoformat()}, such as +00:00"
            )
        return int(moment.timestamp())
    is_whole = isinstance(moment, int | np.integer) and not isinstance(moment, bool)
    if not is_whole or not FIRST_SECOND <= moment <= LAST_SECOND:
        raise InputError(f"{name}: expected a datetime or its UTC seconds, got {shown(moment)}")
    return int(moment)


def _read(name: str, text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # year 1 in a zone east of Greenwich has no UTC time
        raise InputError(
            f"{name}: expected a date such as 2024-05-01 or a time such as "
            f"2024-05-01T12:00+00:00, got {shown(text)}"
        ) from None


def when_of(clock: Clock | None, value: int) -> datetime | int | None:
    """A stored time as a UTC datetime or a position in the order; None where it is unknown."""
    if clock is None or value == OPEN_END:
        return None
    return datetime.fromtimestamp(value, UTC) if clock == "timestamp" else value


def spoken(when: datetime | int | None) -> str:
    """A time as text: "2024-05-01", "position 1,204", "unknown"."""
    if when is None:
        return "unknown"
    return f"position {when:,}" if isinstance(when, int) else f"{when:%Y-%m-%d}"
