"""What a request says of customers, fresh events and params, as `Artifact` takes it.

Nothing is passed over: an unknown column or param is refused with the nearest name, because an
answer to another question is worse than none. How much one request may ask for stands in
`recsys.serving.artifact.limits`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast
from uuid import UUID

import numpy as np

from recsys.errors import InputError
from recsys.ops.shown_text import LONGEST_VALUE, shown
from recsys.serving.artifact import limits
from recsys.serving.query.fresh_events import FreshEvent
from recsys.serving.query.query import Id, require_whole

CUSTOMER, EVENTS = "customer_id", "events"
COLUMNS = (CUSTOMER, EVENTS)
PARAMS = ("k", "explain", "touchpoint", "at", "exclude", "allow", "strict")
_EXACT = 2**53
"""Whole numbers below it are told apart by a float."""
_BOUNDS = {"k": (1, limits.OFFERS), "explain": (0, limits.REASONS)}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One customer asked about: by an id, by fresh events, or by both."""

    customer: Id | None
    events: list[FreshEvent]


def rows(given_rows: Any) -> list[Row]:
    """The rows of a pandas table, of a list of mappings, or of a mapping of lists.

    Raises:
        InputError: they are of another form, too many, or of other columns; the message names the
            row.
    """
    values = _values(given_rows)
    if len(values) > limits.ROWS:
        raise InputError(
            f"expected at most {limits.ROWS:,} rows, got {len(values):,}; ask in several requests"
        )
    return [_row(number, *item) for number, item in enumerate(values, start=1)]


def params(given: Mapping[str, Any]) -> dict[str, Any]:
    """Params as arguments of `Artifact.recommend`; what is null or empty was not said.

    Raises:
        InputError: one is unknown, or not of its kind.
    """
    refuse_unknown("param", given, PARAMS)
    said = {name: value for name, value in given.items() if not _is_empty(value)}
    for name, (lowest, highest) in _BOUNDS.items():
        if name in said:
            require_whole(name, said[name], lowest)
            if said[name] > highest:
                raise InputError(f"{name}: expected at most {highest:,}, got {shown(said[name])}")
    for name in ("touchpoint", "at"):
        if name in said:
            _require_text(name, said[name])
    for name in ("exclude", "allow"):
        if name in said:
            said[name] = _listed(name, said[name])
    if not isinstance(said.get("strict", False), bool | np.bool_):
        raise InputError(f"strict: expected true or false, got {shown(said['strict'])}")
    return said


def refuse_unknown(what: str, names: Iterable[Any], known: Sequence[str]) -> None:
    """Raises `InputError` where a name is unknown; the message has the nearest."""
    for name in names:
        if name not in known:
            near = get_close_matches(str(name)[:LONGEST_VALUE], known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            expected = f"; expected a column {CUSTOMER}, {EVENTS} or both" * (known is COLUMNS)
            raise InputError(f"unknown {what} {shown(name)}; {hint}{expected}")


def customer(value: Any) -> Id:
    """An id of the column `customer_id`.

    Raises:
        InputError: it is none, or a number that another row without customer_id has rounded.
    """
    if isinstance(value, float) and value.is_integer():
        if abs(value) >= _EXACT:
            raise InputError(
                f"{CUSTOMER}: {value:.0f} is rounded where other rows have none; numbers of 2^53 "
                "and more come as text, or in a request of their own"
            )
        return int(value)
    if not _is_id(value):
        raise InputError(f"{CUSTOMER}: expected text or a whole number, got {shown(value)}")
    _require_short(CUSTOMER, value)
    return cast(Id, value)


def fresh_events(value: Any) -> list[FreshEvent]:
    """The events of a row: product ids, or objects {"product_id", and "action" or "weight"}.

    Raises:
        InputError: they are of another form; the message shows the first such.
    """
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise _refused(value)
    events = list(value)
    if len(events) > limits.EVENTS:
        raise InputError(f"{EVENTS}: expected at most {limits.EVENTS:,}, got {len(events):,}")
    return [_event(item) for item in events]


def _values(given_rows: Any) -> list[tuple[Any, Any]]:
    """Customer and events of each row, None where they are missing."""
    if hasattr(given_rows, "columns"):
        refuse_unknown("column", given_rows.columns, COLUMNS)
        _require_a_column(given_rows.columns)
        return list(zip(*(_column(given_rows, name) for name in COLUMNS), strict=True))
    if isinstance(given_rows, Mapping):
        refuse_unknown("column", given_rows, COLUMNS)
        _require_a_column(given_rows)
        lists = {name: _as_list(name, values) for name, values in given_rows.items()}
        if len({len(values) for values in lists.values()}) > 1:
            raise InputError("expected columns of equal length")
        records = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        return [_pair(item) for item in records]
    if not isinstance(given_rows, Sequence) or isinstance(given_rows, str):
        raise InputError(f"expected rows of {CUSTOMER}, {EVENTS} or both, got {shown(given_rows)}")
    for item in given_rows:
        if not isinstance(item, Mapping):
            raise InputError(f"expected rows such as {{{CUSTOMER!r}: 'C1'}}, got {shown(item)}")
        refuse_unknown("column", item, COLUMNS)
    _require_a_column({name for item in given_rows for name in item})
    return [_pair(item) for item in given_rows]


def _pair(record: Mapping[str, Any]) -> tuple[Any, Any]:
    pair = [record.get(name) for name in COLUMNS]
    values = [None if isinstance(item, float) and item != item else item for item in pair]
    return values[0], values[1]


def _column(table: Any, name: str) -> list[Any]:
    """The values of a pandas column, None where one is missing; all None without the column."""
    if name not in table:
        return [None] * len(table)
    values = table[name]
    return [None if gone else item for item, gone in zip(values, values.isna(), strict=True)]


def _as_list(name: str, values: Any) -> list[Any]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise InputError(f"column {name}: expected a list of values, got {shown(values)}")
    return list(values)


def _require_a_column(names: Iterable[str]) -> None:
    if not set(names):
        raise InputError(f"expected a column {CUSTOMER}, {EVENTS} or both, got neither")


def _row(number: int, who: Any, events: Any) -> Row:
    if who is None and events is None:
        raise InputError(f"row {number}: expected {CUSTOMER}, {EVENTS} or both, got neither")
    try:
        return Row(
            customer=None if who is None else customer(who),
            events=[] if events is None else fresh_events(events),
        )
    except InputError as error:
        raise InputError(f"row {number}: {error}") from None


def _event(item: Any) -> FreshEvent:
    if not isinstance(item, Mapping):
        if not _is_id(item):
            raise _refused(item)
        _require_short(EVENTS, item)
        return cast(Id, item)
    said = {key: value for key, value in item.items() if value is not None}
    product = said.pop("product_id", None)
    action, weight = said.pop("action", None), said.pop("weight", None)
    if said or not _is_id(product) or (action is not None and weight is not None):
        raise _refused(item)
    _require_short(EVENTS, product)
    if weight is not None:
        if isinstance(weight, bool) or not isinstance(weight, int | float | np.number):
            raise _refused(item)
        return product, cast(float, weight)
    if action is None:
        return cast(Id, product)
    if not isinstance(action, str):
        raise _refused(item)
    return product, action


def _listed(name: str, value: Any) -> list[Id]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise InputError(f"{name}: expected a sequence of product ids, got {shown(value)}")
    ids = list(value)
    if len(ids) > limits.LISTED:
        raise InputError(f"{name}: expected at most {limits.LISTED:,} ids, got {len(ids):,}")
    for item in ids:
        if not _is_id(item):
            raise InputError(f"{name}: expected product ids, got {shown(item)}")
        _require_short(name, item)
    return ids


def _require_text(name: str, value: Any) -> None:
    if name == "at" and _is_whole(value):
        return
    if not isinstance(value, str):
        raise InputError(f"{name}: expected a text, got {shown(value)}")
    _require_short(name, value)


def _require_short(name: str, value: Any) -> None:
    if isinstance(value, str) and len(value) > limits.ID_CHARACTERS:
        raise InputError(
            f"{name}: expected at most {limits.ID_CHARACTERS} characters, got {shown(value)}"
        )


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | np.ndarray) and not len(value))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int | UUID | np.integer) and not isinstance(value, bool)


def _refused(got: Any) -> InputError:
    return InputError(
        'events: expected a list of product ids, or of objects such as {"product_id": "P1", '
        f'"action": "cart"}} or {{"product_id": "P1", "weight": 2.5}}, got {shown(got)}'
    )
