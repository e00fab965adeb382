"""Feature matrices from tables, as they were known at a moment."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.vocabulary import Vocabulary
from recsys.graph.column_encoding import Encoded, Term, encoded, left_out

MOST_CATEGORIES = 64
"""Of a text column with more values than this the most frequent are taken, if it has such."""

_CALENDAR = (columns.VALID_FROM, columns.VALID_TO)
"""When a row is valid, which is not a feature."""


class FeatureTerms(NamedTuple):
    """What `feature_terms` returns.

    Attributes:
        matrix: float32 [n, f]; f may be 0.
        terms: [f] what its columns mean.
        encodings: column of the table -> its encoding, "number" or "left out: ...".
    """

    matrix: csr_array
    terms: list[Term]
    encodings: Mapping[str, str]


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
    """The matrix of `feature_terms`, dense, and the names of its columns.

    Args:
        table: as for `feature_terms`.
        key: the id column.
        ids: of the rows of the matrix.
        moment: UTC seconds; None for no cut-off.

    Returns:
        float32 [n, f] by row number, where f may be 0, and [f] names.
    """
    features = feature_terms(table, key, ids, moment)
    return features.matrix.toarray(), [term.name for term in features.terms]


def feature_terms(
    table: pd.DataFrame | None,
    key: str,
    ids: Vocabulary,
    moment: int | None,
    most_categories: int = MOST_CATEGORIES,
    *,
    frequent: bool = True,
    ages: bool = True,
) -> FeatureTerms:
    """Features by row number.

    Numbers are centred and scaled to unit variance; missing ones are 0, with a column that flags
    them. Dates become ages in days before the moment, and later ones are missing. Flags become 0/1,
    text one column a value, at most `most_categories` of them. Ids and the dates between which a
    row is valid are left out.

    Args:
        table: dated rows where it has a column `valid_from`; None for no table.
        key: the id column.
        ids: of the rows of the matrix.
        moment: UTC seconds; None for no cut-off: ages then count from the latest date.
        most_categories: values kept of a text column.
        frequent: of a text with more values, keep the most frequent if they cover half of the
            rows; where False, or if they do not, the column is left out.
        ages: whether dates are features.
    """
    size = len(ids)
    if table is None:
        return FeatureTerms(_no_columns(size), [], {})
    known = as_of(table, key, moment)
    parts: dict[str, Encoded] = {}
    for column in known.columns.drop([key]):
        parts[column] = (
            left_out(known[column], "says when it is valid")
            if column in _CALENDAR
            else encoded(known[column], column, moment, most_categories, frequent, ages)
        )
    blocks = [_no_columns(len(known)), *(part.block for part in parts.values())]
    return FeatureTerms(
        _scattered(csr_array(hstack(blocks)), ids.rows(known[key]), size),
        [term for part in parts.values() for term in part.terms],
        {column: part.encoding for column, part in parts.items()},
    )


def _no_columns(size: int) -> csr_array:
    return csr_array(np.zeros((size, 0), np.float32))


def _scattered(block: csr_array, rows: IntArray, size: int) -> csr_array:
    known = np.flatnonzero(rows >= 0)
    ones = np.ones(len(known), np.float32)
    return csr_array(csr_array((ones, (rows[known], known)), shape=(size, len(rows))) @ block)
