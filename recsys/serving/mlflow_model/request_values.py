"""Checks of single values of a request: names, customer ids, fresh events."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, cast
from uuid import UUID

import numpy as np

from recsys.errors import InputError
from recsys.ops.shown_text import LONGEST_VALUE, shown
from recsys.serving.mlflow_model import limits
from recsys.serving.query.fresh_events import FreshEvent
from recsys.serving.query.query import Id

CUSTOMER, EVENTS = "customer_id", "events"
COLUMNS = (CUSTOMER, EVENTS)
_EXACT = 2**53
"""Below it, a float holds every whole number."""


def refuse_unknown(what: str, names: Iterable[Any], known: Sequence[str]) -> None:
    """Raises `InputError` where a name is unknown; the message has the nearest known name."""
    for name in names:
        if name not in known:
            near = get_close_matches(str(name)[:LONGEST_VALUE], known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            expected = f"; expected a column {CUSTOMER}, {EVENTS} or both" * (known is COLUMNS)
            raise InputError(f"unknown {what} {shown(name)}; {hint}{expected}")


def customer(value: Any) -> Id:
    """A value of the column `customer_id` as an id.

    Raises:
        InputError: it is not an id, or a large number that became a rounded float because another
            row has no customer_id.
    """
    if isinstance(value, float) and value.is_integer():
        if abs(value) >= _EXACT:
            raise InputError(
                f"{CUSTOMER}: {value:.0f} is rounded where other rows have none; numbers of 2^53 "
                "and more must be sent as text, or in a separate request"
            )
        return int(value)
    if not is_id(value):
        raise InputError(f"{CUSTOMER}: expected text or a whole number, got {shown(value)}")
    require_short(CUSTOMER, value)
    return cast(Id, value)


def fresh_events(value: Any) -> list[FreshEvent]:
    """The events of a row: product ids, or objects {"product_id", and "action" or "weight"}.

    Raises:
        InputError: an event has another form; the message shows it.
    """
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise _refused(value)
    events = list(value)
    if len(events) > limits.EVENTS:
        raise InputError(f"{EVENTS}: expected at most {limits.EVENTS:,}, got {len(events):,}")
    return [_event(item) for item in events]


def _event(item: Any) -> FreshEvent:
    if not isinstance(item, Mapping):
        if not is_id(item):
            raise _refused(item)
        require_short(EVENTS, item)
        return cast(Id, item)
    values = {key: value for key, value in item.items() if value is not None}
    product = values.pop("product_id", None)
    action, weight = values.pop("action", None), values.pop("weight", None)
    if values or not is_id(product) or (action is not None and weight is not None):
        raise _refused(item)
    require_short(EVENTS, product)
    if weight is not None:
        if isinstance(weight, bool) or not isinstance(weight, int | float | np.number):
            raise _refused(item)
        return product, cast(float, weight)
    if action is None:
        return cast(Id, product)
    if not isinstance(action, str):
        raise _refused(item)
    return product, action


def require_short(name: str, value: Any) -> None:
    """Raises `InputError` where a text is longer than ids may be."""
    if isinstance(value, str) and len(value) > limits.ID_CHARACTERS:
        raise InputError(
            f"{name}: expected at most {limits.ID_CHARACTERS} characters, got {shown(value)}"
        )


def is_id(value: Any) -> bool:
    """Whether a value may be an id: a text, a whole number or a UUID."""
    return isinstance(value, str | int | UUID | np.integer) and not isinstance(value, bool)


def _refused(got: Any) -> InputError:
    return InputError(
        'events: expected a list of product ids, or of objects such as {"product_id": "P1", '
        f'"action": "cart"}} or {{"product_id": "P1", "weight": 2.5}}, got {shown(got)}'
    )
