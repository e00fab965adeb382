"""Moments in time as people write them, as UTC."""

from numbers import Number

import pandas as pd

from recsys.data.cells import CellError, first, shown
from recsys.errors import InputError

_EXPECTED = "a time such as 2026-01-31 or 2026-01-31T12:00:00Z"

_FIRST, _LAST = pd.Timestamp("1678-01-01", tz="UTC"), pd.Timestamp("2262-01-01", tz="UTC")
"""What 64 bits of nanoseconds hold, in whole years."""


def read_moments(column: pd.Series) -> pd.Series:
    """UTC moments of a column of dates, ISO strings or tz-aware times; zone-less ones count as UTC.

    Numbers are refused rather than guessed at: seconds, milliseconds and days all look alike.

    Raises:
        CellError: the first row that is not a time.
    """
    numbers = _numbers(column)
    if numbers.any():
        row = first(numbers)
        raise CellError(
            row,
            _EXPECTED,
            column.iloc[row],
            "convert numbers with pandas.to_datetime(column, unit=...) or name the column 'order'",
        )
    parsed = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    bad = parsed.isna() & column.notna()
    if bad.any():
        row = first(bad)
        raise CellError(
            row,
            _EXPECTED,
            column.iloc[row],
            "mend the value, or write the whole column that way (pandas.to_datetime with format=)",
        )
    beyond = (parsed < _FIRST) | (parsed >= _LAST)
    if beyond.any():
        row = first(beyond)
        raise CellError(
            row,
            "a time between the years 1678 and 2261",
            column.iloc[row],
            "mend the value, or leave it empty where it stands for no time at all",
        )
    return parsed


def parse_moment(value: object, where: str) -> pd.Timestamp:
    """One UTC moment; see `read_moments`.

    Raises:
        InputError: `where` and what came instead of a time.
    """
    try:
        moment = read_moments(pd.Series([value], dtype=object)).iloc[0]
    except CellError:
        moment = pd.NaT
    if not isinstance(moment, pd.Timestamp):
        raise InputError(f"{where}: expected {_EXPECTED}, got {shown(value)}")
    return moment


def _numbers(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.notna()
    if column.dtype != object:
        return pd.Series(False, index=column.index)
    return column.map(lambda cell: isinstance(cell, Number) and cell == cell)
