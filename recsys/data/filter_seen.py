"""`filter_seen`: which products leave a customer's list, as written in a configuration."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from recsys.data import columns
from recsys.errors import InputError
from recsys.ops.filter_seen import FOREVER, FilterSeen
from recsys.ops.shown_text import shown
from recsys.ops.until import DAY, OPEN_END

AUTO = "auto"
"""The default: see `default_filter`."""

FilterSeenLike: TypeAlias = bool | str | Sequence[str] | Mapping[str, str | int | float]
"""`True`, `False`, "auto", a list of actions, or action -> age: "90 days", 90, or "forever"."""

REJECT_DAYS = 90
"""Days for which a rejected product is not offered again by default."""

_MOST_DAYS = 36_500
_AGE = re.compile(r"(\d+(?:\.\d+)?)(?: days?)?")
_KEY = "data.filter_seen"


def default_filter(events: pd.DataFrame) -> FilterSeen:
    """What leaves the list unless somebody says otherwise.

    Where events have an action: a product that was purchased or accepted for ever, one that was
    rejected for 90 days (for ever where events have no time). Others stay: who looked at a loan, or
    began an application, is whom to offer it to. Without actions nobody knows what an event was,
    and every product with one leaves for ever.

    Args:
        events: checked interactions.
    """
    if columns.ACTION not in events:
        return FilterSeen()
    timed = columns.TIMESTAMP in events
    return FilterSeen(
        (
            ("accept", OPEN_END),
            ("purchase", OPEN_END),
            ("reject", REJECT_DAYS * DAY if timed else OPEN_END),
        )
    )


def parse_filter_seen(value: Any) -> FilterSeen | None:
    """The filter that a setting describes; None for "auto".

    Args:
        value: see `FilterSeenLike`; a `FilterSeen` stays as it is.

    Raises:
        InputError: it is something else, an action is unknown or named twice, or an age is none.
    """
    if isinstance(value, bool | FilterSeen):
        return FilterSeen.of(value)
    if value == AUTO:
        return None
    if isinstance(value, Mapping):
        ages = {_action(action): _age(action, age) for action, age in value.items()}
    elif isinstance(value, Sequence) and not isinstance(value, str):
        ages = {_action(action): OPEN_END for action in value}
    else:
        raise InputError(
            f"{_KEY}: expected true, false, auto, a list of actions or a mapping such as "
            f"{{purchase: forever, reject: 90 days}}, got {shown(value)}"
        )
    if len(ages) < len(value):
        raise InputError(f"{_KEY}: expected each action once, got {shown(list(value))}")
    return FilterSeen(tuple((name, ages[name]) for name in columns.ACTIONS if name in ages))


def filter_of(value: Any, events: pd.DataFrame) -> FilterSeen:
    """The filter for these events.

    Args:
        value: as for `parse_filter_seen`.
        events: checked interactions.

    Raises:
        InputError: as for `parse_filter_seen`, or an age counts days and the events have no time.
    """
    parsed = parse_filter_seen(value)
    if parsed is None:
        return default_filter(events)
    if parsed.counts_days and columns.TIMESTAMP not in events:
        raise InputError(
            f"{_KEY}: expected interactions with a timestamp, because {parsed} counts days, got "
            "none; say forever, or add the column"
        )
    return parsed


def _action(name: Any) -> str:
    if name not in columns.ACTIONS:
        raise InputError(
            f"{_KEY}: no action {shown(name)}; actions are {', '.join(columns.ACTIONS)}"
        )
    return str(name)


def _age(action: str, age: Any) -> int:
    """Seconds of an age as written; `OPEN_END` for ever."""
    if age == FOREVER:
        return OPEN_END
    days = age
    if isinstance(age, str):
        match = _AGE.fullmatch(age.strip())
        days = float(match.group(1)) if match else None
    is_number = isinstance(days, int | float) and not isinstance(days, bool)
    # Of NaN no comparison is true; less than a second is no age.
    if is_number and 1 / DAY <= days <= _MOST_DAYS:
        seconds: int = round(days * DAY)
        return seconds
    raise InputError(
        f"{_KEY}.{action}: expected forever or a number of days above 0 and up to {_MOST_DAYS:,}, "
        f"such as '90 days', got {shown(age)}"
    )
