"""Checks of values that are fine by themselves and contradict another column, row or table."""

from difflib import get_close_matches

import pandas as pd

from recsys.data import columns
from recsys.data.cells import FILL, bad_cell, first_true, listed, shown_cell
from recsys.data.kinds import kind_of
from recsys.data.plausible import refuse_overflow
from recsys.data.tables import Tables
from recsys.errors import InputError

_UNIQUE = {"touchpoints": columns.TOUCHPOINT, "products": columns.PRODUCT,
           "customers": columns.CUSTOMER, "decisions": columns.DECISION}  # fmt: skip


def check_rows(name: str, table: pd.DataFrame) -> None:
    """Checks a table whose cells are already converted: unique ids, windows, sums and times.

    Args:
        name: "interactions", "customers" or another field of `recsys.data.tables.Tables`.
        table: its columns have the types of `check_tables`.

    Raises:
        InputError: names the first row that contradicts another, or the column.
    """
    if name in _UNIQUE:
        _check_unique(name, table, _UNIQUE[name])
    if {columns.VALID_FROM, columns.VALID_TO} <= set(table.columns):
        _check_validity(name, table)
    numbers = [label for label in table.columns if kind_of(name, str(label)) == "number"]
    refuse_overflow(name, table, [label for label in numbers if label != columns.ORDER])
    if name == "interactions":
        _check_times(table)


def check_across_tables(tables: Tables) -> None:
    """Checks tables against each other: touchpoints of consents, and decisions against offers.

    Raises:
        InputError: names the column of consent, or the first decision dated before its offer.
    """
    _check_consent(tables)
    _check_offer_dates(tables)


def _check_times(interactions: pd.DataFrame) -> None:
    if columns.TIMESTAMP not in interactions:
        return
    if columns.ORDER in interactions:
        raise InputError(
            "interactions: expected column 'timestamp' or column 'order', got both; "
            "keep the one that is right"
        )
    missing = interactions[columns.TIMESTAMP].isna()
    if columns.PART in interactions:
        missing &= interactions[columns.PART] != columns.TEST_PART
    if missing.any():
        row = first_true(missing)
        raise bad_cell("interactions", row, columns.TIMESTAMP, "a time", None, FILL)


def _check_unique(name: str, table: pd.DataFrame, key: str) -> None:
    dated = name == "customers" and columns.VALID_FROM in table
    repeated = table.duplicated([key, columns.VALID_FROM] if dated else [key])
    if repeated.any():
        row = first_true(repeated)
        remedy = "keep one row per id"
        if name == "customers":
            remedy += f", or give its rows different dates in '{columns.VALID_FROM}'"
        raise InputError(
            f"{name}: row {row}, column '{key}': expected each id once, got "
            f"{shown_cell(table[key].iloc[row])} again; {remedy}"
        )


def _check_validity(name: str, table: pd.DataFrame) -> None:
    begins, ends = table[columns.VALID_FROM], table[columns.VALID_TO]
    closed = ends <= begins
    if closed.any():
        row = first_true(closed)
        raise bad_cell(
            name, row, columns.VALID_TO,
            f"a time after '{columns.VALID_FROM}' ({shown_cell(begins.iloc[row])})", ends.iloc[row],
            f"'{columns.VALID_TO}' is the first moment that is no longer valid; fix it, or leave "
            "it empty",
        )  # fmt: skip


def _check_offer_dates(tables: Tables) -> None:
    """A response from before its offer is valid means that one of the two tables is dated wrong."""
    offers, decisions = tables.offers, tables.decisions
    if offers is None or decisions is None or columns.VALID_FROM not in offers:
        return
    starts = offers.groupby(columns.OFFER)[columns.VALID_FROM].min()
    begins = decisions[columns.OFFER].map(starts)
    early = decisions[columns.TIMESTAMP] < begins
    if early.any():
        row = first_true(early)
        decision = decisions.iloc[row]
        raise bad_cell(
            "decisions", row, columns.TIMESTAMP,
            f"a time from {shown_cell(begins.iloc[row])} on, when offer "
            f"{shown_cell(decision[columns.OFFER])} becomes valid", decision[columns.TIMESTAMP],
            f"nobody can {decision[columns.OUTCOME]} an offer before it is shown: fix the time of "
            f"the decision, or '{columns.VALID_FROM}' of the offer",
        )  # fmt: skip


def _check_consent(tables: Tables) -> None:
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
            raise InputError(
                f"customers: column '{column}': no table has a touchpoint '{touchpoint}'; the "
                f"touchpoints are {listed(touchpoints)}; {remedy}"
            )
