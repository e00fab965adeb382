"""Moments in time as people write them, as UTC."""

import pandas as pd

from recsys.errors import InputError


def parse_moments(column: pd.Series, where: str) -> pd.Series:
    """UTC moments of a column of dates, ISO strings or tz-aware times; zone-less ones count as UTC.

    Numbers are refused rather than guessed at: seconds, milliseconds and days all look alike.

    Raises:
        InputError: `where` and the first row that is not a time.
    """
    if pd.api.types.is_numeric_dtype(column.dtype) and column.notna().any():
        raise InputError(
            f"{where}: expected times, got numbers ({column.dropna().iloc[0]!r}); convert them "
            "with pandas.to_datetime(column, unit=...) or name the column 'order'"
        )
    parsed = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    bad = parsed.isna() & column.notna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(
            f"{where}: row {row}: expected a time such as 2026-01-31 or 2026-01-31T12:00:00Z, "
            f"got {column.iloc[row]!r}; mend the value or drop the row"
        )
    return parsed


def parse_moment(value: object, where: str) -> pd.Timestamp:
    """One UTC moment; see `parse_moments`."""
    moment: pd.Timestamp = parse_moments(pd.Series([value], dtype=object), where).iloc[0]
    return moment
