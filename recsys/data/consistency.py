"""Checks of values that are fine by themselves and contradict another column, row or table."""

from collections.abc import Iterator
from difflib import get_close_matches

import pandas as pd

from recsys.data import columns
from recsys.data.cells import FILL, first_true, listed, shown_cell
from recsys.data.faults.fault import ONCE, Fault
from recsys.data.kinds import kind_of
from recsys.data.plausible import endless_sums
from recsys.data.tables import Tables

UNIQUE = {"touchpoints": columns.TOUCHPOINT, "products": columns.PRODUCT,
          "customers": columns.CUSTOMER, "decisions": columns.DECISION,
          "records": columns.RECORD}  # fmt: skip
"""Table -> the column whose values occur once."""


def row_faults(name: str, table: pd.DataFrame) -> Iterator[Fault]:
    """Faults of a table whose cells are converted: unique ids, windows, sums and times.

    Args:
        name: "interactions", "customers" or another field of `recsys.data.tables.Tables`.
        table: its columns have the types of `check_tables`; a column may be missing.
    """
    if name in UNIQUE and UNIQUE[name] in table:
        yield from _repeated(name, table, UNIQUE[name])
    if {columns.VALID_FROM, columns.VALID_TO} <= set(table.columns):
        yield from _closed_windows(name, table)
    numbers = [label for label in table.columns if kind_of(name, str(label)) == "number"]
    yield from endless_sums(name, table, [label for label in numbers if label != columns.ORDER])
    if name == "interactions":
        yield from _times(table)


def identifying(name: str, table: pd.DataFrame) -> list[str]:
    """The columns of a table in `UNIQUE` in which no two of its rows agree."""
    is_dated = name == "customers" and columns.VALID_FROM in table
    return [UNIQUE[name], *([columns.VALID_FROM] if is_dated else [])]


def faults_across_tables(tables: Tables) -> Iterator[Fault]:
    """Faults between tables: touchpoints of consents, and decisions against offers.

    Args:
        tables: checked each by itself.
    """
    yield from _consents(tables)
    yield from _offer_dates(tables)


def _times(interactions: pd.DataFrame) -> Iterator[Fault]:
    if columns.TIMESTAMP not in interactions:
        return
    if columns.ORDER in interactions:
        what = "expected column 'timestamp' or column 'order', got both"
        yield Fault.of_table("interactions", what, "keep the one that is right")
    missing = interactions[columns.TIMESTAMP].isna()
    if columns.PART in interactions:
        missing &= interactions[columns.PART] != columns.TEST_PART
    if missing.any():
        times = interactions[columns.TIMESTAMP]
        yield Fault.of_rows("interactions", times, missing, "a time", FILL)


def _repeated(name: str, table: pd.DataFrame, key: str) -> Iterator[Fault]:
    repeated = table.duplicated(identifying(name, table))
    repeated &= table[key].notna()
    if repeated.any():
        remedy = "keep one row per id"
        if name == "customers":
            remedy += f", or give its rows different dates in '{columns.VALID_FROM}'"
        yield Fault.of_rows(name, table[key], repeated, ONCE, remedy, " again")


def _closed_windows(name: str, table: pd.DataFrame) -> Iterator[Fault]:
    begins, ends = table[columns.VALID_FROM], table[columns.VALID_TO]
    closed = ends <= begins
    if closed.any():
        begin = shown_cell(begins.iloc[first_true(closed)])
        yield Fault.of_rows(
            name, ends, closed, f"a time after '{columns.VALID_FROM}' ({begin})",
            f"'{columns.VALID_TO}' is the first moment that is no longer valid; fix it, or leave "
            "it empty",
        )  # fmt: skip


def _offer_dates(tables: Tables) -> Iterator[Fault]:
    """A response from before its offer is valid means that one of the two tables is dated wrong."""
    offers, decisions = tables.offers, tables.decisions
    if offers is None or decisions is None or columns.VALID_FROM not in offers:
        return
    dates = offers[columns.VALID_FROM], decisions[columns.TIMESTAMP]
    if not all(pd.api.types.is_datetime64_any_dtype(each.dtype) for each in dates):
        # Cells that are no dates are faults of their own, and have become empty ones here.
        return
    starts = offers.groupby(columns.OFFER)[columns.VALID_FROM].min()
    begins = decisions[columns.OFFER].map(starts)
    early = decisions[columns.TIMESTAMP] < begins
    if early.any():
        row = first_true(early)
        decision = decisions.iloc[row]
        yield Fault.of_rows(
            "decisions", decisions[columns.TIMESTAMP], early,
            f"a time from {shown_cell(begins.iloc[row])} on, when offer "
            f"{shown_cell(decision[columns.OFFER])} becomes valid",
            f"nobody can {decision[columns.OUTCOME]} an offer before it is shown: fix the time of "
            f"the decision, or '{columns.VALID_FROM}' of the offer",
        )  # fmt: skip


def _consents(tables: Tables) -> Iterator[Fault]:
    """A misspelt consent column would close the touchpoint that it was meant to open."""
    if tables.customers is None:
        return
    touchpoints = sorted(
        {
            str(name)
            for _, table in tables.items()
            if columns.TOUCHPOINT in table
            for name in table[columns.TOUCHPOINT].dropna().unique()
        }
    )
    for column in map(str, tables.customers.columns):
        touchpoint = column.removeprefix(columns.CONSENT_PREFIX)
        if touchpoints and column != touchpoint and touchpoint not in touchpoints:
            near = get_close_matches(touchpoint, touchpoints, n=1, cutoff=0.6)
            remedy = f"did you mean '{columns.CONSENT_PREFIX}{near[0]}'?" if near else "drop it"
            what = (
                f"column '{column}': no table has a touchpoint '{touchpoint}'; the touchpoints are "
                f"{listed(touchpoints)}"
            )
            yield Fault.of_table("customers", what, remedy, column)
