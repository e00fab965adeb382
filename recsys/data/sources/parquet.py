"""Reads Parquet files: all columns, or those that a source needs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data.arrow_frame import frame_of
from recsys.data.cells import listed
from recsys.data.sources.parts import (
    Partitions,
    partition_texts,
    parts_of,
    rows_of_parts,
    typed_partition,
)
from recsys.errors import InputError
from recsys.ops.parquet_bounds import (
    refuse_large_texts,
    refuse_unbounded,
    texts_of,
    unfolded,
)

_LONGEST_TYPE = 60
_REPEATED = 4
"""Texts that stand in so many rows on average may stay folded."""


def read_parquet(
    path: Path, *, folded: bool = False, partitions: Partitions | None = None
) -> pd.DataFrame:
    """The table in a file, or in all parts in a folder.

    Values in names of folders, as `branch=007/`, become columns of text: pyarrow itself would make
    7 of 007. Where the parts have such a column too, theirs counts.

    Args:
        path: of the file or folder.
        folded: leave texts as categories, which take 4 bytes a row.
        partitions: how values in names of folders are read, where not as text.

    Raises:
        InputError: it is no Parquet, damaged, a folder without parts, has a column with several
            values in a cell, or declares more data than a file of its size can contain.
    """
    return _read(path, None, folded, partitions)


def _read(
    path: Path,
    needed: Sequence[str] | None,
    folded: bool = False,
    partitions: Partitions | None = None,
) -> pd.DataFrame:
    with readable_as_parquet(path):
        parts = parts_of(path)
        refuse_unbounded(parts)
        schema = pq.read_schema(parts[0]) if parts else pa.schema([])
        refuse_nested(path, schema, needed)
        present = None if needed is None else [name for name in needed if name in schema.names]
        texts = {
            name: values
            for name, values in partition_texts(path, parts).items()
            if name not in schema.names
        }
        table = pq.read_table(
            parts or path,
            columns=present,
            read_dictionary=texts_of(schema, present),
            partitioning=None,
        )
        size = sum(part.stat().st_size for part in parts)
        if folded:
            refuse_large_texts(table, path.name, size)
            table = _of_repeated(table.unify_dictionaries())
        else:
            table = unfolded(table, schema, path.name, size)
        return _with_partitions(frame_of(table), parts, texts, partitions or {}, folded)


@contextmanager
def readable_as_parquet(path: Path) -> Iterator[None]:
    """Words the errors of Arrow while a file, or the parts in a folder, are read.

    Raises:
        InputError: Arrow raises an error, or the folder is empty.
    """
    if path.is_dir() and not any(path.iterdir()):
        raise InputError(f"{path.name}: expected Parquet parts in the folder, got none")
    try:
        yield
    except InputError:
        raise
    except (ValueError, OSError, pa.ArrowException) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path.name} cannot be read as Parquet: {reason.rstrip('.')}; export it again"
        ) from None


def _of_repeated(table: pa.Table) -> pa.Table:
    """Columns of texts that hardly repeat, unfolded: categories of many values are slow."""
    for position, column in enumerate(table.columns):
        if not pa.types.is_dictionary(column.type) or not column.num_chunks:
            continue
        if len(column.chunk(0).dictionary) * _REPEATED > len(column):
            name = table.field(position).name
            table = table.set_column(position, name, column.cast(column.type.value_type))
    return table


def _with_partitions(
    frame: pd.DataFrame,
    parts: Sequence[Path],
    texts: Mapping[str, Sequence[str | None]],
    partitions: Partitions,
    folded: bool,
) -> pd.DataFrame:
    if not texts:
        return frame
    rows = rows_of_parts([pq.read_metadata(part).num_rows for part in parts])
    frame = frame.reset_index(drop=True)
    for name, values in texts.items():
        column = typed_partition(name, values, rows, partitions)
        if column is not None:
            is_text = isinstance(column.dtype, pd.CategoricalDtype)
            frame[name] = column.astype("str") if is_text and not folded else column
    return frame


def refuse_nested(path: Path, schema: pa.Schema, needed: Sequence[str] | None = None) -> None:
    """Refuses columns with several values in a cell.

    Args:
        path: of the file or folder.
        schema: of its first part.
        needed: the columns to look at; None for all.

    Raises:
        InputError: names the column and its type.
    """
    for field in schema:
        if needed is not None and field.name not in needed:
            continue
        if pa.types.is_nested(field.type):
            kind = " ".join(str(field.type).split())
            raise InputError(
                f"{path.name}: column '{field.name}': expected one value in a cell, got "
                f"{kind[:_LONGEST_TYPE]}; write a column for each value (true or false), or drop "
                "the column"
            )


def read_columns(path: Path, needed: Sequence[str], seconds: str | None = None) -> pd.DataFrame:
    """The needed columns of a file, in the given order.

    Args:
        path: of the file.
        needed: names of the columns.
        seconds: a column among them with seconds since 1970, which becomes UTC timestamps.

    Raises:
        InputError: the file cannot be read, or lacks a column; says which columns it has.
    """
    frame = _read(path, needed)
    missing = [column for column in needed if column not in frame]
    if missing:
        raise InputError(
            f"{path.name}: expected column '{missing[0]}'; the file holds "
            f"{listed(_names(path)) or 'no column'}; is it the published file?"
        )
    frame = frame[list(needed)].copy()
    if seconds is None:
        return frame
    if not pd.api.types.is_integer_dtype(frame[seconds].dtype):
        raise InputError(
            f"{path.name}: column '{seconds}': expected whole seconds since 1970, got "
            f"{frame[seconds].dtype}; is it the published file?"
        )
    frame[seconds] = pd.to_datetime(frame[seconds], unit="s", utc=True)
    return frame


def _names(path: Path) -> list[str]:
    return [name for part in parts_of(path)[:1] for name in pq.read_schema(part).names]
