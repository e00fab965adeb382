"""Tables of features as matrices, as they were known at a moment."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.vocabulary import Vocabulary

MOST_CATEGORIES = 64
"""A text column with more values than this is an id rather than a feature, and is left out."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """What one column of a feature matrix says.

    Attributes:
        column: of the table.
        value: of a text, for which the matrix has 1; None for a number or a flag.
        mean, scale: of a number, for which the matrix has (number - mean) / scale.
        flags_missing: whether the matrix has 1 where a number is missing.
    """

    column: str
    value: str | None = None
    mean: float = 0.0
    scale: float = 1.0
    flags_missing: bool = False

    @property
    def name(self) -> str:
        """For people: "price", "price missing", "category=Broadband"."""
        if self.value is not None:
            return f"{self.column}={self.value}"
        return f"{self.column} missing" if self.flags_missing else self.column


def as_of(table: pd.DataFrame, key: str, moment: int | None) -> pd.DataFrame:
    """One row an id: the latest whose `valid_from` lies before the moment.

    Args:
        table: with the id column `key`; dated rows where it has a column `valid_from`.
        key: the id column.
        moment: UTC seconds; None takes the latest row of all.
    """
    if columns.VALID_FROM not in table:
        return table.drop_duplicates(key, keep="last")
    dated = table
    if moment is not None:
        starts = table[columns.VALID_FROM]
        dated = table[starts.isna() | (starts < pd.Timestamp(moment, unit="s", tz="UTC"))]
    ordered = dated.sort_values(columns.VALID_FROM, kind="stable", na_position="first")
    return ordered.drop_duplicates(key, keep="last")


def feature_matrix(
    table: pd.DataFrame | None, key: str, ids: Vocabulary, moment: int | None
) -> tuple[FloatArray, list[str]]:
    """Features by row number: float32 [n, f] as of `feature_terms`, and the names of its columns.

    f may be 0.
    """
    matrix, terms = feature_terms(table, key, ids, moment)
    return matrix.toarray(), [term.name for term in terms]


def feature_terms(
    table: pd.DataFrame | None,
    key: str,
    ids: Vocabulary,
    moment: int | None,
    most_categories: int = MOST_CATEGORIES,
) -> tuple[csr_array, list[Term]]:
    """Features by row number.

    Numbers are centred and scaled to unit variance, missing ones are 0 with a flag of their own;
    flags become 0/1, text with at most `most_categories` values one column a value. Ids, moments
    and texts with more values are left out.

    Returns:
        float32 [n, f] and what its columns say; f may be 0.
    """
    size = len(ids)
    if table is None:
        return _no_columns(size), []
    known = as_of(table, key, moment)
    blocks, terms = [_no_columns(len(known))], []
    for column in known.columns.drop([key]):
        block, said = _encoded(known[column], column, most_categories)
        blocks.append(block)
        terms.extend(said)
    return _scattered(csr_array(hstack(blocks)), ids.rows(known[key]), size), terms


def _encoded(column: pd.Series, name: str, most: int) -> tuple[csr_array, list[Term]]:
    nothing = _no_columns(len(column))
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return nothing, []
    if pd.api.types.is_bool_dtype(column.dtype):
        return csr_array(column.to_numpy(np.float32)[:, None]), [Term(column=name)]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _standardised(column.to_numpy(np.float64, na_value=np.nan), name)
    codes, values = pd.factorize(column, sort=False)
    if len(values) > most:
        return nothing, []
    present = np.flatnonzero(codes >= 0)
    ones = np.ones(len(present), np.float32)
    one_hot = csr_array((ones, (present, codes[present])), shape=(len(column), len(values)))
    return one_hot, [Term(column=name, value=str(value)) for value in values]


def _standardised(values: FloatArray, name: str) -> tuple[csr_array, list[Term]]:
    missing = np.isnan(values)
    if missing.all():
        return _no_columns(len(values)), []
    mean, spread = float(np.nanmean(values)), float(np.nanstd(values))
    term = Term(column=name, mean=mean, scale=spread if spread > 0 else 1.0)
    scaled = np.where(missing, 0.0, (values - term.mean) / term.scale)
    if not missing.any():
        return csr_array(scaled.astype(np.float32)[:, None]), [term]
    both = np.column_stack([scaled, missing]).astype(np.float32)
    return csr_array(both), [term, Term(column=name, flags_missing=True)]


def _no_columns(size: int) -> csr_array:
    return csr_array(np.zeros((size, 0), np.float32))


def _scattered(block: csr_array, rows: IntArray, size: int) -> csr_array:
    known = np.flatnonzero(rows >= 0)
    ones = np.ones(len(known), np.float32)
    return csr_array(csr_array((ones, (rows[known], known)), shape=(size, len(rows))) @ block)
