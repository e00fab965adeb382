"""Reads dates and times as UTC timestamps."""

from numbers import Number

import pandas as pd

from recsys.data.cells import CellError, shown_cell
from recsys.errors import InputError

_EXPECTED = "a time such as 2026-01-31 or 2026-01-31T12:00:00Z"

_FIRST, _LAST = pd.Timestamp("1678-01-01", tz="UTC"), pd.Timestamp("2262-01-01", tz="UTC")
"""The whole years that fit into 64 bits of nanoseconds."""


def read_moments(column: pd.Series) -> pd.Series:
    """UTC timestamps of a column of dates, ISO 8601 texts or timestamps; UTC if they have no zone.

    Numbers are refused: seconds, milliseconds and days cannot be told apart.

    Raises:
        CellError: the first cell that is not a time.
    """
    numbers = _numbers(column)
    if numbers.any():
        raise CellError.of(
            column,
            numbers,
            _EXPECTED,
            "convert numbers with pandas.to_datetime(column, unit=...) or name the column 'order'",
        )
    if isinstance(column.dtype, pd.DatetimeTZDtype) and str(column.dtype.tz) == "UTC":
        parsed = column  # a copy would cost 8 bytes a row, and its check for texts as much again
        if not len(parsed) or not (parsed.min() < _FIRST or parsed.max() >= _LAST):
            return parsed
    else:
        parsed = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    bad = parsed.isna() & column.notna()
    if bad.any():
        raise CellError.of(
            column,
            bad,
            _EXPECTED,
            "fix the value, or write the whole column that way (pandas.to_datetime with format=)",
        )
    beyond = (parsed < _FIRST) | (parsed >= _LAST)
    if beyond.any():
        raise CellError.of(
            column,
            beyond,
            "a time between the years 1678 and 2261",
            "fix the value, or leave the cell empty where there is no time",
        )
    return parsed


def parse_moment(value: object, where: str) -> pd.Timestamp:
    """A single value as UTC timestamp, read as the cells of `read_moments`.

    Args:
        value: for example "2026-01-31".
        where: the setting that the error names.

    Raises:
        InputError: the value is not a time.
    """
    try:
        moment = read_moments(pd.Series([value], dtype=object)).iloc[0]
    except CellError:
        moment = pd.NaT
    if not isinstance(moment, pd.Timestamp):
        raise InputError(f"{where}: expected {_EXPECTED}, got {shown_cell(value)}")
    return moment


def _numbers(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.notna()
    if column.dtype != object:
        return pd.Series(False, index=column.index)
    return column.map(lambda cell: isinstance(cell, Number) and cell == cell)
