"""SHA-256 of the content of tables: the same whatever door they came through."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data import columns
from recsys.data.categories import codes_of, is_coded
from recsys.data.filter_seen import filter_of
from recsys.data.source import Source
from recsys.data.tables import Tables
from recsys.ops.chunks import slices

_WHOLE = (*columns.IDS, *columns.CODES, columns.ORDER)
"""Columns whose numbers are kept with all their digits."""

_NULL = np.uint64(2**64 - 1)
_SECOND_KEY = np.uint64(0x9E3779B97F4A7C15)
_CHUNK = 1 << 16


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
        is_sequence = name == "interactions" and not {columns.TIMESTAMP, columns.ORDER} & set(names)
        sums = _sums(table, names, is_sequence)
        digest.update(repr((name, names, len(table), sums)).encode())
    return digest.hexdigest()


def _sums(table: pd.DataFrame, names: Sequence[Any], is_sequence: bool) -> tuple[int, int]:
    """Two sums of hashes of rows, by different keys: the order of rows does not count.

    The hash of a row is made of the sum of its cells' hashes, each times a number of its column.
    """
    cells = [_cell_hashes(table[name]) for name in names]
    factors = [np.uint64(_number_of(str(name)) | 1) for name in names]
    first = second = 0
    for chunk in slices(len(table), _CHUNK):
        rows = np.zeros(chunk.stop - chunk.start, np.uint64)
        for hashes, factor in zip(cells, factors, strict=True):
            rows += hashes(chunk) * factor
        if is_sequence:
            rows += pd.util.hash_array(np.arange(chunk.start, chunk.stop))
        first += int(pd.util.hash_array(rows).sum())
        second += int(pd.util.hash_array(rows ^ _SECOND_KEY).sum())
    return first % 2**64, second % 2**64


def _cell_hashes(column: pd.Series) -> Callable[[slice], NDArray[Any]]:
    """The hashes of the cells in a slice of rows, whatever they are stored as."""
    column = _canonical(column)
    if is_coded(column):
        categories, codes = column.cat.categories, codes_of(column)
        by_code = np.append(pd.util.hash_array(categories.to_numpy(), categorize=False), _NULL)
        return lambda rows: by_code.take(codes[rows])
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        cells = column.to_numpy()
        return lambda rows: pd.util.hash_array(cells[rows])
    hashes = pd.util.hash_pandas_object(column, index=False).to_numpy()
    hashes = np.where(column.isna().to_numpy(), _NULL, hashes)
    return lambda rows: hashes[rows]


def _number_of(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")


def _canonical(column: pd.Series) -> pd.Series:
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype):
        moments: pd.Series = column.dt.as_unit("us")
        return moments if moments.dt.tz is None else moments.dt.tz_convert(None)
    if types.is_bool_dtype(column.dtype):
        return column.astype(object) if column.hasnans else column
    if types.is_numeric_dtype(column.dtype) and column.name not in _WHOLE:
        if column.dtype == np.float64:
            return column
        return pd.Series(column.to_numpy(np.float64, na_value=np.nan), index=column.index)
    return column
