"""One column of a table as columns of a feature matrix, and its encoding in words."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from recsys.arrays import FloatArray

SHARED = 0.5
"""Share of the rows with a value that the most frequent values of a text must cover, each in two
rows or more; otherwise they are taken for ids."""

_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Term:
    """What one column of a feature matrix means.

    Attributes:
        column: of the table.
        value: of a text; the matrix has 1 where a row has it. None for a number or a flag.
        mean, scale: of a number; the matrix has (number - mean) / scale.
        flags_missing: whether the matrix has 1 where a number is missing.
        is_age: whether the number is the days from a date to the moment of the features.
    """

    column: str
    value: str | None = None
    mean: float = 0.0
    scale: float = 1.0
    flags_missing: bool = False
    is_age: bool = False

    @property
    def name(self) -> str:
        """For people: "price", "price missing", "joined age", "category=Broadband"."""
        if self.value is not None:
            return f"{self.column}={self.value}"
        name = f"{self.column} age" if self.is_age else self.column
        return f"{name} missing" if self.flags_missing else name


class Encoded(NamedTuple):
    """An encoded column.

    Attributes:
        block: [n, f] float32; f is 0 where it is left out.
        terms: [f] what its columns mean.
        encoding: for people, "number" or "left out: no row has a value".
    """

    block: csr_array
    terms: list[Term]
    encoding: str


def encoded(
    column: pd.Series, name: str, moment: int | None, most: int, frequent: bool, ages: bool
) -> Encoded:
    """A column of a table as columns of a feature matrix.

    Args:
        column: [n] of any type that pandas reads.
        name: of the column.
        moment: UTC seconds; None for no cut-off.
        most: values kept of a text.
        frequent: of a text with more values, keep the most frequent if they cover enough rows.
        ages: whether dates are features.
    """
    if not column.notna().any():
        return left_out(column, "no row has a value")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _ages(column, name, moment) if ages else left_out(column, "a date")
    if pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(np.float32, na_value=0)
        return Encoded(csr_array(values[:, None]), [Term(column=name)], "yes or no")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _standardised(column.to_numpy(np.float64, na_value=np.nan), name)
    return _one_hot(column, name, most, frequent)


def left_out(column: pd.Series, why: str) -> Encoded:
    """A column that is not a feature, with the reason."""
    return Encoded(csr_array(np.zeros((len(column), 0), np.float32)), [], f"left out: {why}")


def _ages(column: pd.Series, name: str, moment: int | None) -> Encoded:
    """Days before the moment; dates after it were unknown then, and count as missing."""
    times = pd.to_datetime(column, utc=True)
    until = times.max() if moment is None else pd.Timestamp(moment, unit="s", tz="UTC")
    days = ((until - times).dt.total_seconds() / _DAY).to_numpy(np.float64)
    late = days < 0 if moment is None else days <= 0
    days = np.where(late, np.nan, days)
    if np.isnan(days).all():
        return left_out(column, "every date lies after the cut-off")
    block, terms, _ = _standardised(days, name, is_age=True)
    encoding = "age in days before the cut-off"
    if late.any():
        encoding += f", {int(late.sum()):,} later dates unknown"
    return Encoded(block, terms, encoding)


def _standardised(values: FloatArray, name: str, is_age: bool = False) -> Encoded:
    missing = np.isnan(values)
    mean, spread = float(np.nanmean(values)), float(np.nanstd(values))
    term = Term(column=name, mean=mean, scale=spread if spread > 0 else 1.0, is_age=is_age)
    scaled = np.where(missing, 0.0, (values - term.mean) / term.scale)
    if not missing.any():
        return Encoded(csr_array(scaled.astype(np.float32)[:, None]), [term], "number")
    both = np.column_stack([scaled, missing]).astype(np.float32)
    flag = Term(column=name, flags_missing=True, is_age=is_age)
    return Encoded(csr_array(both), [term, flag], "number, with a flag where it is missing")


def _one_hot(column: pd.Series, name: str, most: int, frequent: bool) -> Encoded:
    codes, values = pd.factorize(column, sort=False)
    encoding, count = f"{len(values):,} values", len(values)
    if count > most:
        if not frequent:
            return left_out(column, f"{count:,} values, more than {most}")
        rows = np.bincount(codes[codes >= 0])
        first = np.argsort(-rows, kind="stable")[:most]
        kept = np.sort(first[rows[first] > 1])
        share = rows[kept].sum() / rows.sum()
        if share < SHARED:
            return left_out(
                column, f"{count:,} values, of which the {most} most frequent cover {share:.0%}"
            )
        # The last position stands for missing values, whose code is -1.
        rank = np.full(count + 1, -1)
        rank[kept] = np.arange(len(kept))
        codes, values = rank[codes], values[kept]
        encoding = f"the {len(kept)} most frequent of {count:,} values"
    present = np.flatnonzero(codes >= 0)
    ones = np.ones(len(present), np.float32)
    block = csr_array((ones, (present, codes[present])), shape=(len(column), len(values)))
    return Encoded(block, [Term(column=name, value=str(value)) for value in values], encoding)
