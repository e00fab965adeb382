"""What has happened lies neither in the future nor before there were data of it."""

import pandas as pd

from recsys.data import columns
from recsys.data.cells import first, shown
from recsys.data.tables import Tables
from recsys.errors import InputError

HAPPENED = {
    "interactions": columns.TIMESTAMP,
    "customers": columns.VALID_FROM,
    "identities": columns.TIMESTAMP,
    "decisions": columns.TIMESTAMP,
}
"""What dates the rows that have happened. Products and offers are not among them: their
`valid_from` and `valid_to` are plans of the firm, and may lie ahead."""

_ZONES = pd.Timedelta(days=1)
"""Times that say no zone count as UTC, and may run ahead of it."""

_FIRST = pd.Timestamp("1970-01-01", tz="UTC")
"""The zeros of spreadsheets (1899-12-30, 1900-01-01, 1904-01-01) lie before it."""


def refuse_implausible(tables: Tables, ends: pd.Timestamp | None) -> None:
    """Refuses what is dated after the newest plausible moment, or before 1970.

    The newest is `ends` where the source states it, else now and a day for time zones. One
    event of the year 2199 would move the end of the data, close every product and empty every
    window of days.

    Args:
        tables: checked.
        ends: the last moment of the data, see `EndingTables`.

    Raises:
        InputError: names table, row and column of the first such moment, and the remedy.
    """
    newest = pd.Timestamp.now(tz="UTC").floor("s") + _ZONES if ends is None else ends
    for name, table in tables.items():
        column = HAPPENED.get(name)
        if column is None or column not in table:
            continue
        moments = table[column]
        late, early = moments > newest, moments < _FIRST
        if late.any():
            raise InputError(_line(name, moments, late, *_too_late(ends, newest)))
        if early.any():
            raise InputError(_line(name, moments, early, *_too_early(name)))


def end_of(day_or_moment: pd.Timestamp) -> pd.Timestamp:
    """The last moment of data that end then: a day without a time of day counts whole."""
    if day_or_moment != day_or_moment.normalize():
        return day_or_moment
    return day_or_moment + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)


def _too_late(ends: pd.Timestamp | None, newest: pd.Timestamp) -> tuple[str, str]:
    if ends is not None:
        stated = "the stated end of the data, data.ends"
        return f"a time up to {newest} ({stated})", "fix the value, drop the row, or set data.ends"
    return (
        f"a time up to {newest} (now, and a day for time zones)",
        "what is still to come has not happened: fix the value or drop the row; where the data "
        "end later, as simulated ones may, say so with data.ends",
    )


def _too_early(name: str) -> tuple[str, str]:
    remedy = "the zero of a spreadsheet is no time: fix the value or drop the row"
    if name == "interactions":
        remedy += "; where numbers only say what came first, name the column 'order'"
    elif name != "decisions":
        remedy += ", or leave it empty where it was always known"
    return f"a time from {_FIRST:%Y-%m-%d} on", remedy


def _line(name: str, moments: pd.Series, bad: pd.Series, expected: str, remedy: str) -> str:
    row, more = first(bad), int(bad.sum()) - 1
    rest = f" (and {more:,} more rows)" if more else ""
    return (
        f"{name}: row {row}, column '{moments.name}': expected {expected}, got "
        f"{shown(moments.iloc[row])}{rest}; {remedy}"
    )
