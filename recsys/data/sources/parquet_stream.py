"""Reads Parquet files as streams, with texts as categories: tables of events."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.data.kinds import Kind
from recsys.data.sources.folder import require_file
from recsys.data.sources.parquet import readable_as_parquet, refuse_nested
from recsys.data.sources.parts import Partitions, partition_texts, parts_of, typed_partition
from recsys.data.stream.frame import BATCH_ROWS, StreamedFrame
from recsys.data.stream.repeated import repeated
from recsys.errors import InputError
from recsys.ops.memory import Memory
from recsys.ops.parquet_bounds import TextBytes, refuse_unbounded, texts_of


def stream_parquet(
    path: Path,
    kind: Callable[[str], Kind],
    memory: Memory,
    partitions: Partitions | None = None,
) -> pd.DataFrame:
    """The table in a file, or in all parts in a folder; see `recsys.data.sources.parquet`.

    Args:
        path: of the file or folder.
        kind: how the table reads a column, by its name in the file.
        memory: holds the columns.
        partitions: how values in names of folders are read, where not as text.

    Raises:
        InputError: as for `recsys.data.sources.parquet.read_parquet`.
    """
    with readable_as_parquet(path):
        parts = parts_of(path)
        if not parts:
            raise InputError(f"{path.name}: expected Parquet parts in the folder, got none")
    return stream_parts(path, parts, schema_of(path, parts[0]), kind, memory, partitions)


def schema_of(path: Path, first: Path, needed: Sequence[str] | None = None) -> pa.Schema:
    """The columns of a table in parts: those of its first part.

    Args:
        path: of the file or folder.
        first: its first part.
        needed: the columns to read; None for all.

    Raises:
        InputError: it is no Parquet, a column has several values in a cell, or two have one name.
    """
    with readable_as_parquet(path):
        # Before it is opened: a pipe would be waited for.
        require_file(first)
        schema = without_index(pq.read_schema(first))
        if needed is not None:
            schema = pa.schema([field for field in schema if field.name in needed])
        refuse_nested(path, schema)
        for name, times in Counter(schema.names).items():
            if times > 1:
                raise InputError(
                    f"{path.name}: column '{name}' appears {times} times; keep one of them"
                )
        return schema


def stream_parts(
    path: Path,
    parts: Sequence[Path],
    schema: pa.Schema,
    kind: Callable[[str], Kind],
    memory: Memory,
    partitions: Partitions | None = None,
) -> pd.DataFrame:
    """Some parts of a table, as `stream_parquet` reads all of them.

    Args:
        path: of the file or folder.
        parts: the files to read.
        schema: the columns of the table.
        kind: how the table reads a column, by its name in the file.
        memory: holds the columns.
        partitions: how values in names of folders are read, where not as text.

    Raises:
        InputError: as for `stream_parquet`.
    """
    with readable_as_parquet(path):
        refuse_unbounded(parts)
        table = StreamedFrame(schema, kind, memory)
        texts = TextBytes(path.name, sum(part.stat().st_size for part in parts))
        for batch in _batches(parts, schema):
            texts.add(batch)
            table.add(batch)
        folders = {
            name: typed_partition(name, values, np.arange(len(parts)), partitions or {})
            for name, values in partition_texts(path, parts).items()
            if name not in schema.names
        }
        sizes = [pq.read_metadata(part).num_rows for part in parts]
        frame = table.frame()
        for name, values in folders.items():
            if values is not None:
                frame[name] = repeated(values, sizes, memory)
        return frame


def _batches(parts: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for part in parts:
        present = pq.read_schema(part)
        names = [name for name in schema.names if name in present.names]
        texts = texts_of(present, names)
        # Buffering would read a group of rows, however large, at once.
        with pq.ParquetFile(part, read_dictionary=texts, pre_buffer=False) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=names, use_threads=False):
                yield _aligned(batch, schema)


def _aligned(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The columns of the first part: those a part lacks are empty, others have its types."""
    if batch.schema.names == schema.names and all(map(_is_alike, batch.schema, schema)):
        return batch
    columns = [
        _cast(batch.column(field.name), field)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.record_batch(columns, names=schema.names)


def _is_alike(field: pa.Field, first: pa.Field) -> bool:
    return bool(field.type == first.type or pa.types.is_dictionary(field.type))


def _cast(column: pa.Array, field: pa.Field) -> pa.Array:
    if pa.types.is_dictionary(column.type) and column.type.value_type == field.type:
        return column
    return column if column.type == field.type else pc.cast(column, field.type)


def without_index(schema: pa.Schema) -> pa.Schema:
    """The columns of a file without those that pandas had as index, which is not read."""
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    fields = [field for field in schema if field.name not in index]
    return pa.schema(fields)
