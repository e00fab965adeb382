"""Reads a CSV file as a stream, with texts as categories: tables of events."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.data.cells import CellError
from recsys.data.kinds import WORDS, Kind
from recsys.data.moments import read_moments
from recsys.data.sources.csv_file import (
    JOINS,
    NULLS,
    as_whole_numbers,
    header_of,
    parsed,
    readable_as_csv,
    refuse_doubtful,
    refuse_surplus_fields,
)
from recsys.data.stream.column import StreamedColumn
from recsys.ops.memory import Memory

_ROWS = 2**18
"""Rows of a batch: pandas holds each cell of text as an object on the way."""


def stream_csv(path: Path, kind: Callable[[str], Kind], memory: Memory) -> pd.DataFrame:
    """The table in a file, as `recsys.data.sources.csv_file.read_csv` reads it.

    Times become UTC timestamps. What depends on all cells of a column, as whether its ids are
    numbers, is decided at the end, on its distinct texts.

    Args:
        path: of the file.
        kind: gives the kind of a column by its name.
        memory: holds the columns.

    Raises:
        InputError: the file, its header or a row cannot be read; says which, and what to do.
    """
    with readable_as_csv(path):
        kinds = {name: kind(name) for name in header_of(path)}
        columns, odd = _streamed(path, kinds, memory)
        for name in odd:
            with parsed(path, kinds, only=[name]) as file:
                columns[name] = file.read()[name]
    for name, of in kinds.items():
        if of in JOINS:
            columns[name] = _whole(columns[name].rename(name), of, memory)
    return pd.DataFrame(columns, copy=False)


def _streamed(
    path: Path, kinds: Mapping[str, Kind], memory: Memory
) -> tuple[dict[str, pd.Series], list[str]]:
    """The columns, and the names of those whose batches are not of one type."""
    streams = {name: StreamedColumn(pa.large_string(), of, memory) for name, of in kinds.items()}
    odd: set[str] = set()
    with parsed(path, kinds) as file:
        file.chunksize, before = _ROWS, 0
        for rows in file:
            refuse_surplus_fields(path, rows, before)
            before += len(rows)
            for name in kinds.keys() - odd:
                cells = _cells(rows[name], kinds[name])
                if cells is None:
                    odd.add(name)
                else:
                    streams[name].add(cells)
    columns: dict[str, pd.Series] = {}
    for name in kinds:  # each is given back once it is a series
        stream = streams.pop(name)
        columns[name] = pd.Series() if name in odd else stream.column()
    return columns, sorted(odd)


def _cells(cells: pd.Series, kind: Kind) -> pa.Array | None:
    """Texts, times and numbers [m] of a batch; None where the whole column decides what they are.

    It does where a time or a number cannot be read: then all cells stay what they are in the file,
    and the check of the table names the first.
    """
    if kind == "moment":
        if cells.isna().all():
            return pa.nulls(len(cells), pa.timestamp("us", "UTC"))
        if not isinstance(cells.dtype, pd.StringDtype):
            return None
        try:
            moments = read_moments(cells.reset_index(drop=True)).dt
        except CellError:
            return None
        return pa.array(moments.tz_convert(None)).cast(pa.timestamp(moments.unit, "UTC"))
    if kind not in WORDS and cells.dtype not in (np.int64, np.float64):
        return None
    return pa.array(cells, from_pandas=True)


def _whole(column: pd.Series, kind: Kind, memory: Memory) -> pd.Series:
    """Ids or codes as whole numbers if each distinct text is one."""
    texts = pd.Series(column.cat.categories)
    is_null = texts.isin(NULLS).to_numpy()
    if kind == "id" and is_null.any():
        refuse_doubtful(column, column.isin(texts[is_null]))
    numbers = as_whole_numbers(texts)
    if isinstance(numbers.dtype, pd.StringDtype):
        return column
    codes = column.cat.codes.to_numpy()
    whole = memory.allocate(len(codes), np.int64)
    np.take(numbers.to_numpy(), codes, out=whole, mode="wrap")
    if (codes >= 0).all():
        return pd.Series(whole, copy=False)
    is_empty = memory.allocate(len(codes), bool)
    np.less(codes, 0, out=is_empty)
    return pd.Series(pd.arrays.IntegerArray(whole, is_empty), copy=False)
