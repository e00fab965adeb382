"""Contracts of customers as of a cut-off: how long each has lasted, and whether it ended."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.errors import InputError
from recsys.graph.features import as_of

SLACK = 0.1
"""Of a period: months differ in length, and an end so soon after one belongs to it."""
_YES, _NO = ("true", "yes", "y", "1"), ("false", "no", "n", "0")


@dataclass(frozen=True, kw_only=True, eq=False)
class Contracts:
    """n contracts that had begun before a cut-off.

    Attributes:
        customers: [n] int64 row numbers.
        periods: [n] int64 the period that a contract ended in, 1 or more, or those that a running
            one has lasted, 0 or more.
        has_ended: [n] bool.
    """

    customers: IntArray
    periods: IntArray
    has_ended: BoolArray

    @property
    def running(self) -> IntArray:
        """Positions of those that have not ended."""
        return np.flatnonzero(~self.has_ended)

    @property
    def counted(self) -> BoolArray:
        """[n] bool those that tell something: a running one that has lasted no period does not."""
        return self.has_ended | (self.periods > 0)

    def survival(self) -> FloatArray:
        """[P + 1] share that lasts 0, 1, ... periods (Kaplan and Meier), up to the longest."""
        periods, ended = self.periods[self.counted], self.has_ended[self.counted]
        longest = int(periods.max()) if len(periods) else 0
        at_risk = np.bincount(periods, minlength=longest + 1)[::-1].cumsum()[::-1].astype(float)
        ends = np.bincount(periods[ended], minlength=longest + 1)
        stay = 1 - np.divide(ends, at_risk, out=np.zeros(longest + 1), where=at_risk > 0)
        stay[0] = 1.0
        shares: FloatArray = np.cumprod(stay)
        return shares


def contracts_of(data: Dataset, names: tuple[str, str], days: float) -> Contracts:
    """The contracts that two columns of the table of customers state, as of the cut-off.

    Either two dates, when a contract began and when it ended (empty while it runs; a date at or
    after the cut-off is not known yet), or a number of periods and whether it ended.

    Args:
        data: with a table of customers.
        names: of the columns.
        days: length of a period, for dates.

    Raises:
        InputError: there is no such column, a cell is of the wrong kind, or no contract had begun.
    """
    table = data.side_tables.get("customers")
    for name in names:
        if table is None or name not in table:
            there = "none" if table is None else ", ".join(map(str, table))
            raise InputError(
                f"contract: expected columns of the table of customers, got '{name}'; there is "
                f"{there}"
            )
    assert table is not None
    known = as_of(table, columns.CUSTOMER, data.as_of_seconds)
    first, second = (known[name].reset_index(drop=True) for name in names)
    customers = data.customers.rows(known[columns.CUSTOMER]).astype(np.int64)
    if is_numeric_dtype(first) and not is_bool_dtype(first):
        has_one, periods, has_ended = _counted(names, first, second)
    else:
        has_one, periods, has_ended = _dated(names, first, second, data, days)
    has_one = has_one & (customers >= 0)
    if not has_one.any():
        raise InputError(f"contract={','.join(names)}: expected contracts that had begun, got none")
    order = np.flatnonzero(has_one)[np.argsort(customers[has_one], kind="stable")]
    return Contracts(customers=customers[order], periods=periods[order], has_ended=has_ended[order])


def _counted(
    names: tuple[str, str], periods: pd.Series, ended: pd.Series
) -> tuple[BoolArray, IntArray, BoolArray]:
    """Whether there is a contract, its periods, and whether it ended."""
    numbers = periods.to_numpy(np.float64, na_value=np.nan)
    has_one = ~np.isnan(numbers)
    bad = has_one & ((numbers < 0) | (numbers % 1 != 0))
    if bad.any():
        raise _bad(names[0], bad, periods, "a whole number of periods, 0 or more")
    words = ended.astype("string").str.strip().str.lower().str.removesuffix(".0")
    has_ended = words.isin(_YES).to_numpy(bool)
    bad = has_one & ~has_ended & ~words.isin(_NO).to_numpy(bool)
    if bad.any():
        raise _bad(names[1], bad, ended, "whether the contract ended, true or false")
    whole = np.where(has_one, numbers, 0).astype(np.int64)
    return has_one, np.where(has_ended, np.maximum(whole, 1), whole), has_ended


def _dated(
    names: tuple[str, str], began: pd.Series, ended: pd.Series, data: Dataset, days: float
) -> tuple[BoolArray, IntArray, BoolArray]:
    if data.as_of is None or data.clock != "timestamp":
        raise InputError(f"contract={','.join(names)}: dates need interactions with a timestamp")
    now = timestamp(data.as_of)
    start, end = (_moments(name, each) for name, each in zip(names, (began, ended), strict=True))
    has_one = (start < now).to_numpy(bool)
    bad = (end < start).to_numpy(bool)
    if bad.any():
        raise _bad(names[1], bad, ended, f"no date before that in '{names[0]}'")
    has_ended = has_one & (end < now).to_numpy(bool)
    until = end.where(has_ended, now)
    seconds = (until - start).dt.total_seconds().to_numpy(np.float64, na_value=0.0)
    lasted = seconds / (days * 86_400)
    # The period that it ended in, or those that are over.
    periods = np.where(has_ended, np.maximum(np.ceil(lasted - SLACK), 1), np.floor(lasted))
    return has_one, np.where(has_one, periods, 0).astype(np.int64), has_ended


def _moments(name: str, column: pd.Series) -> pd.Series:
    moments = pd.to_datetime(column, utc=True, errors="coerce")
    bad = (moments.isna() & column.notna() & (column.astype("string") != "")).to_numpy(bool)
    if bad.any():
        raise _bad(name, bad, column, "a date")
    return moments


def _bad(name: str, bad: BoolArray, column: pd.Series, expected: str) -> InputError:
    row = int(bad.argmax())
    return InputError(
        f"customers: row {row}, column '{name}': expected {expected}, got '{column.iloc[row]}'"
    )
