"""What JSON says of customers, fresh events and moments, as `Artifact` takes it.

Rows come through a pandas table, which makes NaN of what is absent, and floats of whole numbers
that stand beside it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import numpy as np

from recsys.errors import InputError
from recsys.serve.fresh import FreshEvent
from recsys.serve.question import Id

_EXACT = 2**53
"""Whole numbers below it are told apart by a float."""


def column(table: Any, name: str) -> list[Any]:
    """The values of a pandas column, None where one is missing; all None without the column."""
    if name not in table:
        return [None] * len(table)
    values = table[name]
    return [None if gone else one for one, gone in zip(values, values.isna(), strict=True)]


def customer(value: Any) -> Id:
    """An id of the column `customer_id`.

    Raises:
        InputError: it is none, or a number that another row without customer_id has rounded.
    """
    if isinstance(value, float) and value.is_integer():
        if abs(value) >= _EXACT:
            raise InputError(
                f"customer_id: {value:.0f} is rounded where other rows have none; numbers of 2^53 "
                "and more come as text, or in a request of their own"
            )
        return int(value)
    if not _is_id(value):
        raise InputError(f"customer_id: expected text or a whole number, got {value!r}")
    return cast(Id, value)


def fresh_events(value: Any) -> list[FreshEvent]:
    """The events of a row: product ids, or objects {"product_id", and "action" or "weight"}.

    Raises:
        InputError: they are of another form; the message shows the first such.
    """
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise _refused(value)
    return [_event(one) for one in value]


def moment(text: str) -> datetime:
    """A date-time with its zone; `InputError` where it is another text."""
    refused = InputError(
        f"at: expected a date-time with its zone such as 2024-05-01T12:00+00:00, got {text!r}"
    )
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            raise refused
        return when.astimezone(UTC)
    except (ValueError, OverflowError):  # the year 1 in a zone east of Greenwich is no UTC time
        raise refused from None


def _event(one: Any) -> FreshEvent:
    if not isinstance(one, Mapping):
        if not _is_id(one):
            raise _refused(one)
        return cast(Id, one)
    said = {key: value for key, value in one.items() if value is not None}
    product = said.pop("product_id", None)
    action, weight = said.pop("action", None), said.pop("weight", None)
    if said or not _is_id(product) or (action is not None and weight is not None):
        raise _refused(one)
    if weight is not None:
        if isinstance(weight, bool) or not isinstance(weight, int | float | np.number):
            raise _refused(one)
        return product, float(weight)
    if action is None:
        return cast(Id, product)
    if not isinstance(action, str):
        raise _refused(one)
    return product, action


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int | UUID | np.integer) and not isinstance(value, bool)


def _refused(got: Any) -> InputError:
    return InputError(
        'events: expected a list of product ids, or of objects such as {"product_id": "P1", '
        f'"action": "cart"}} or {{"product_id": "P1", "weight": 2.5}}, got {got!r}'
    )
