"""Values of the right type that cannot be true: impossible dates, unknown zones, endless sums."""

import math
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.cells import CellError, first_true
from recsys.data.faults.fault import Fault
from recsys.data.tables import Tables
from recsys.ops.chunks import absolute_sum

HAPPENED = {
    "interactions": columns.TIMESTAMP,
    "customers": columns.VALID_FROM,
    "identities": columns.TIMESTAMP,
    "decisions": columns.TIMESTAMP,
    "records": columns.TIMESTAMP,
}
"""Table -> its column of dates in the past. Products and offers are not here: their `valid_from`
and `valid_to` are plans of the firm and may lie ahead."""

LARGEST = float(np.finfo(np.float32).max)
LARGEST_PRODUCT = math.sqrt(LARGEST)
"""Models multiply the sum of a customer's weights by that of a product's."""

_ZONES = pd.Timedelta(days=1)
"""Times without a zone count as UTC and may be ahead of it."""

_FIRST = pd.Timestamp("1970-01-01", tz="UTC")
"""The zeros of spreadsheets (1899-12-30, 1900-01-01, 1904-01-01) lie before it."""


def implausible_moments(tables: Tables, ends: pd.Timestamp | None) -> Iterator[Fault]:
    """Faults of rows dated after the end of the data, or before 1970.

    A single event of the year 2199 would move the end of the data, close every product and leave
    every window of days empty.

    Args:
        tables: checked.
        ends: the last moment of the data, see `EndingTables`; None for now and a day, since times
            without a zone may be ahead of UTC.
    """
    for name, table in tables.items():
        yield from moments_out_of_range(name, table, ends)


def moments_out_of_range(
    name: str, table: pd.DataFrame, ends: pd.Timestamp | None
) -> Iterator[Fault]:
    """As `implausible_moments`, for a single table."""
    column = HAPPENED.get(name)
    if column is None or column not in table:
        return
    newest = pd.Timestamp.now(tz="UTC").floor("s") + _ZONES if ends is None else ends
    moments = table[column]
    late, early = moments > newest, moments < _FIRST
    if late.any():
        yield _implausible(name, moments, late, *_too_late(ends, newest))
    if early.any():
        yield _implausible(name, moments, early, *_too_early(name))


def end_of(day_or_moment: pd.Timestamp) -> pd.Timestamp:
    """The last moment of data that end then; a date alone includes its whole day."""
    if day_or_moment != day_or_moment.normalize():
        return day_or_moment
    return day_or_moment + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)


def _too_late(ends: pd.Timestamp | None, newest: pd.Timestamp) -> tuple[str, str]:
    if ends is not None:
        stated = "the stated end of the data, data.ends"
        return f"a time up to {newest} ({stated})", "fix the value, drop the row, or set data.ends"
    return (
        f"a time up to {newest} (now, and a day for time zones)",
        "the future has not happened yet: fix the value or drop the row; if the data end later, as "
        "simulated data may, set data.ends",
    )


def _too_early(name: str) -> tuple[str, str]:
    remedy = "a spreadsheet writes an empty date as its year zero: fix the value or drop the row"
    if name == "interactions":
        remedy += "; if the numbers only say what came first, name the column 'order'"
    elif name != "decisions":
        remedy += ", or leave the cell empty if the row was always known"
    return f"a time from {_FIRST:%Y-%m-%d} on", remedy


def _implausible(
    name: str, moments: pd.Series, bad: pd.Series, expected: str, remedy: str
) -> Fault:
    more = int(bad.sum()) - 1
    also = f" (and {more:,} more rows)" if more else ""
    return Fault.of_rows(name, moments, bad, expected, remedy, also)


def endless_sums(name: str, table: pd.DataFrame, numbers: list[str]) -> Iterator[Fault]:
    """Faults of columns whose cells are finite in float32 and whose sum is not.

    Args:
        name: of the table.
        table: checked.
        numbers: its columns of numbers.
    """
    for column in numbers:
        largest = LARGEST_PRODUCT if column == columns.WEIGHT else LARGEST
        total = absolute_sum(table[column].to_numpy(np.float64, na_value=np.nan))
        if total > largest:
            yield Fault.of_table(
                name,
                f"column '{column}': expected numbers that add up to at most {largest:.2g}, got "
                f"{total:.3g} in {len(table):,} rows",
                "divide the column by a number that makes its usual value about 1, or fix its "
                "largest cells",
                column,
            )


def refuse_unknown_zones(column: pd.Series) -> None:
    """Refuses names that the IANA time zone database does not list.

    Raises:
        CellError: the first such text.
    """
    unknown = [zone for zone in column.dropna().unique() if zone not in zone_names()]
    if not unknown:
        return
    bad = column.isin(unknown)
    zone = str(column.iloc[first_true(bad)])
    near = get_close_matches(zone[:40], sorted(zone_names()), n=1, cutoff=0.75)
    remedy = f"did you mean '{near[0]}'?" if near else "use such a name, or leave the cell empty"
    if not zone_names():
        remedy = "this machine has no time zone database: pip install tzdata"
    expected = "a time zone of the IANA database such as Europe/Berlin"
    raise CellError.of(column, bad, expected, remedy)


@cache
def zone_names() -> frozenset[str]:
    """The time zones of the IANA database; empty where the machine has none."""
    return frozenset(available_timezones())
