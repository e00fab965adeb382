"""Tables of features as matrices, as they were known at a moment."""

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.vocabulary import Vocabulary

MOST_CATEGORIES = 64
"""A text column with more values than this is an id rather than a feature, and is left out."""


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
    """Features by row number.

    Numbers are centred and scaled to unit variance, missing ones are 0 with a flag of their own;
    flags become 0/1, text with at most `MOST_CATEGORIES` values one column a value. Ids, moments
    and texts with more values are left out.

    Returns:
        float32 [n, f] and the names of its columns; f may be 0.
    """
    size = len(ids)
    if table is None:
        return np.zeros((size, 0), np.float32), []
    known = as_of(table, key, moment)
    rows = ids.rows(known[key])
    blocks: list[FloatArray] = []
    names: list[str] = []
    for column in known.columns.drop([key]):
        block, labels = _encoded(known[column], column)
        blocks.append(_scattered(block, rows, size))
        names.extend(labels)
    if not blocks:
        return np.zeros((size, 0), np.float32), []
    return np.hstack(blocks), names


def _encoded(column: pd.Series, name: str) -> tuple[FloatArray, list[str]]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.zeros((len(column), 0), np.float32), []
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(np.float32)[:, None], [name]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _standardised(column.to_numpy(np.float64, na_value=np.nan), name)
    codes, values = pd.factorize(column, sort=False)
    if len(values) > MOST_CATEGORIES:
        return np.zeros((len(column), 0), np.float32), []
    one_hot = np.zeros((len(column), len(values)), np.float32)
    present = np.flatnonzero(codes >= 0)
    one_hot[present, codes[present]] = 1
    return one_hot, [f"{name}={value}" for value in values]


def _standardised(values: FloatArray, name: str) -> tuple[FloatArray, list[str]]:
    missing = np.isnan(values)
    if missing.all():
        return np.zeros((len(values), 0), np.float32), []
    spread = np.nanstd(values)
    scaled = np.where(missing, 0.0, (values - np.nanmean(values)) / (spread if spread > 0 else 1.0))
    if not missing.any():
        return scaled.astype(np.float32)[:, None], [name]
    return np.column_stack([scaled, missing]).astype(np.float32), [name, f"{name} missing"]


def _scattered(block: FloatArray, rows: IntArray, size: int) -> FloatArray:
    placed = np.zeros((size, block.shape[1]), np.float32)
    placed[rows[rows >= 0]] = block[rows >= 0]
    return placed
