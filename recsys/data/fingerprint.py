"""SHA-256 of the content of tables: the same whatever door they came through."""

import hashlib

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.filter_seen import filter_of
from recsys.data.source import Source
from recsys.data.tables import Tables

_WHOLE = (*columns.IDS, *columns.CODES, columns.ORDER)
"""Columns whose numbers are kept with all their digits."""


def fingerprint(source: Source, tables: Tables) -> str:
    """SHA-256 of checked tables, and of name, version, targets and `filter_seen` of the source.

    What says nothing about the data does not count: the order of columns; the order of rows, but
    for interactions without a clock, whose order stands for time; whether a number of a feature is
    stored as whole; the unit of a time beyond microseconds.

    Args:
        source: that the tables come from.
        tables: checked.
    """
    filter_seen = filter_of(source.filter_seen, tables.interactions).plain
    digest = hashlib.sha256(
        repr((source.name, source.version, source.targets, filter_seen)).encode()
    )
    for name, table in tables.items():
        names = sorted(table.columns)
        digest.update(repr((name, names, len(table))).encode())
        content = pd.DataFrame({column: _canonical(table[column]) for column in names})
        rows = pd.util.hash_pandas_object(content, index=False).to_numpy()
        is_sequence = name == "interactions" and not {columns.TIMESTAMP, columns.ORDER} & set(names)
        digest.update((rows if is_sequence else np.sort(rows)).tobytes())
    return digest.hexdigest()


def _canonical(column: pd.Series) -> pd.Series:
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype):
        moments: pd.Series = column.dt.as_unit("us")
        return moments if moments.dt.tz is None else moments.dt.tz_convert(None)
    if types.is_bool_dtype(column.dtype):
        return column.astype(object) if column.hasnans else column
    if types.is_numeric_dtype(column.dtype) and column.name not in _WHOLE:
        return pd.Series(column.to_numpy(np.float64, na_value=np.nan), index=column.index)
    return column
