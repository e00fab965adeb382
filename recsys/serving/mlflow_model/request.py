"""Checks customers, fresh events and params of a request, and converts them for `Artifact`.

An unknown column or param is refused with the nearest known name, because ignoring it would answer
another query. `recsys.serving.mlflow_model.limits` limits how much one request may ask for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.serving.mlflow_model import limits
from recsys.serving.mlflow_model.request_values import (
    COLUMNS,
    CUSTOMER,
    EVENTS,
    customer,
    fresh_events,
    is_id,
    refuse_unknown,
    require_short,
)
from recsys.serving.query.fresh_events import FreshEvent
from recsys.serving.query.query import Id, require_whole

PARAMS = ("k", "explain", "touchpoint", "at", "exclude", "allow", "strict")
_BOUNDS = {"k": (1, limits.OFFERS), "explain": (0, limits.REASONS)}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A customer to recommend for, given by an id, by fresh events, or by both.

    Attributes:
        customer: the id; None for a new customer.
        events: fresh events; may be empty.
    """

    customer: Id | None
    events: list[FreshEvent]


def rows(given_rows: Any) -> list[Row]:
    """The rows of a pandas table, of a list of mappings, or of a mapping of lists.

    Raises:
        InputError: the rows have another form or other columns, or are too many; the message names
            the row.
    """
    values = _values(given_rows)
    if len(values) > limits.ROWS:
        raise InputError(
            f"expected at most {limits.ROWS:,} rows, got {len(values):,}; ask in several requests"
        )
    return [_row(number, *item) for number, item in enumerate(values, start=1)]


def params(given: Mapping[str, Any]) -> dict[str, Any]:
    """Params as arguments of `Artifact.recommend`; null and empty values count as not given.

    Raises:
        InputError: a param is unknown, or its value is not usable.
    """
    refuse_unknown("param", given, PARAMS)
    arguments = {name: value for name, value in given.items() if not _is_empty(value)}
    for name, (lowest, highest) in _BOUNDS.items():
        if name in arguments:
            value = arguments[name]
            require_whole(name, value, lowest)
            if value > highest:
                raise InputError(f"{name}: expected at most {highest:,}, got {shown(value)}")
    for name in ("touchpoint", "at"):
        if name in arguments:
            _require_text(name, arguments[name])
    for name in ("exclude", "allow"):
        if name in arguments:
            arguments[name] = _listed(name, arguments[name])
    if not isinstance(arguments.get("strict", False), bool | np.bool_):
        raise InputError(f"strict: expected true or false, got {shown(arguments['strict'])}")
    return arguments


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
    """The values of a pandas column, None where missing; all None without the column."""
    if name not in table:
        return [None] * len(table)
    values = table[name]
    return [None if is_na else item for item, is_na in zip(values, values.isna(), strict=True)]


def _as_list(name: str, values: Any) -> list[Any]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise InputError(f"column {name}: expected a list of values, got {shown(values)}")
    return list(values)


def _require_a_column(names: Iterable[str]) -> None:
    if not set(names):
        raise InputError(f"expected a column {CUSTOMER}, {EVENTS} or both, got neither")


def _row(number: int, customer_id: Any, events: Any) -> Row:
    if customer_id is None and events is None:
        raise InputError(f"row {number}: expected {CUSTOMER}, {EVENTS} or both, got neither")
    try:
        return Row(
            customer=None if customer_id is None else customer(customer_id),
            events=[] if events is None else fresh_events(events),
        )
    except InputError as error:
        raise InputError(f"row {number}: {error}") from None


def _listed(name: str, value: Any) -> list[Id]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise InputError(f"{name}: expected a sequence of product ids, got {shown(value)}")
    ids = list(value)
    if len(ids) > limits.LISTED:
        raise InputError(f"{name}: expected at most {limits.LISTED:,} ids, got {len(ids):,}")
    for item in ids:
        if not is_id(item):
            raise InputError(f"{name}: expected product ids, got {shown(item)}")
        require_short(name, item)
    return ids


def _require_text(name: str, value: Any) -> None:
    if name == "at" and _is_whole(value):
        return
    if not isinstance(value, str):
        raise InputError(f"{name}: expected a text, got {shown(value)}")
    require_short(name, value)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | np.ndarray) and not len(value))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
