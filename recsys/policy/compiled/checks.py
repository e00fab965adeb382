"""Checks of the arrays of rules: one line that names the field, what was expected and what came."""

from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.compiled.times import FIRST_SECOND, LAST_SECOND


def got(value: Any) -> str:
    """What came: dtype and shape of an array, else the type."""
    if isinstance(value, np.ndarray):
        return f"got {value.dtype} {value.shape}"
    return f"got {type(value).__name__}"


def integers(
    name: str,
    value: IntArray,
    count: int,
    low: int | None = None,
    high: int | None = None,
) -> None:
    """Requires integers [count] from `low` to below `high`; None for no bound."""
    is_array = isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.integer)
    if not is_array or value.shape != (count,):
        raise InputError(f"rules.{name}: expected integers ({count},), {got(value)}")
    if not count:
        return
    least, most = int(value.min()), int(value.max())
    if low is not None and least < low:
        raise InputError(f"rules.{name}: expected {low} or more, got {least}")
    if high is not None and most >= high:
        raise InputError(f"rules.{name}: expected numbers below {high}, got {most}")


def booleans(name: str, value: BoolArray, shape: tuple[int, ...]) -> None:
    """Requires bool of a shape."""
    if not isinstance(value, np.ndarray) or value.dtype != np.bool_ or value.shape != shape:
        raise InputError(f"rules.{name}: expected bool {shape}, {got(value)}")


def pointers(name: str, value: IntArray, rows: int, entries: int) -> None:
    """Requires [rows + 1] ascending from 0 to the number of entries."""
    integers(name, value, rows + 1)
    if value[0] != 0 or value[-1] != entries or (np.diff(value) < 0).any():
        raise InputError(
            f"rules.{name}: expected 0 to {entries}, ascending, got {value[0]} to {value[-1]}"
        )


def moments(name: str, value: IntArray, count: int) -> None:
    """Requires [count] UTC seconds of the years 1 to 9999."""
    integers(name, value, count, FIRST_SECOND, LAST_SECOND + 1)


def whole(name: str, value: int, low: int, high: int) -> None:
    """Requires a whole number from `low` to `high`."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or not low <= value <= high:
        raise InputError(f"rules.{name}: expected a whole number {low} to {high}, got {value!r}")


def amounts(name: str, value: FloatArray, count: int) -> None:
    """Requires float64 [count] of 0 or more; inf is none too many."""
    is_array = isinstance(value, np.ndarray) and value.dtype == np.float64
    if not is_array or value.shape != (count,):
        raise InputError(f"rules.{name}: expected float64 ({count},), {got(value)}")
    if not (value >= 0).all():
        raise InputError(f"rules.{name}: expected 0 or more, got {value[~(value >= 0)][0]:g}")


def customer_rows(rows: IntArray, count: int) -> IntArray:
    """[B] int64 rows, each -1 to below `count`."""
    rows = np.asarray(rows)
    integers("rows", rows, np.size(rows), -1, count)
    return rows.astype(np.int64, copy=False)


def at(value: IntArray | int, count: int) -> IntArray:
    """[count] int64 of one moment or as many as there are rows."""
    when = np.asarray(value)
    if when.ndim == 0:
        when = np.full(count, when)
    moments("at", when, count)
    return when.astype(np.int64, copy=False)
