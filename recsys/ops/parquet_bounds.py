"""Bounds for Parquet files, which may declare, or unpack to, far more than their size suggests.

Each reader of files that others wrote has limits of its own; how the size of a table is found
before it is in memory is the same for all, and here.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.errors import InputError

MOST_CELLS, CELLS_A_BYTE = 50_000_000, 100
"""A file may declare `MOST_CELLS` values, or its bytes times `CELLS_A_BYTE` if that is more: sorted
and repeated values take almost no bytes, but a file of a thousand million rows is not small."""

MOST_BYTES, TIMES_ITS_SIZE = 2**28, 100
"""The same for its unpacked bytes, in which a repeated text may count each time."""


def refuse_unbounded(files: Iterable[Path]) -> None:
    """Checks what files declare in their footers, before any value is read.

    Args:
        files: parts of one table.

    Raises:
        InputError: one is not a regular file, or together they declare more values or bytes than
            files of their size hold.
        OSError: one is not Parquet; the message names it.
    """
    cells = unpacked = size = 0
    for path in files:
        if path.exists() and not path.is_file():
            raise InputError(
                f"{path.name} cannot be read: expected a file, got a pipe or a device; save the "
                "table as a file"
            )
        try:
            about = pq.read_metadata(path)
        except (pa.ArrowException, OSError) as error:
            raise OSError(f"{path.name}: {getattr(error, 'strerror', None) or error}") from None
        size += path.stat().st_size
        declared_cells, declared_bytes = declared(about)
        cells, unpacked = cells + declared_cells, unpacked + declared_bytes
        if cells > max(MOST_CELLS, CELLS_A_BYTE * size):
            raise InputError(
                f"{path.name} declares {about.num_rows:,} rows of {about.num_columns:,} columns in "
                f"{size:,} bytes, which is not plausible; export it again"
            )
        _require_plausible(path.name, unpacked, size)


def declared(about: pq.FileMetaData) -> tuple[int, int]:
    """Number of values, and unpacked bytes, that the footer of a file declares."""
    widths = [about.schema.column(i).length or 0 for i in range(about.num_columns)]
    cells = unpacked = 0
    for group in map(about.row_group, range(about.num_row_groups)):
        values = [group.column(i).num_values for i in range(group.num_columns)]
        cells += sum(values)
        unpacked += max(
            group.total_byte_size, sum(n * width for n, width in zip(values, widths, strict=True))
        )
    return max(cells, about.num_rows), unpacked


def texts_of(schema: pa.Schema, names: Sequence[str] | None = None) -> list[str]:
    """Names of the columns of text: read as dictionaries, their bytes can be counted.

    Args:
        schema: of the file.
        names: columns to look at; None for all.
    """
    return [
        field.name
        for field in schema
        if (names is None or field.name in names) and is_text(field.type)
    ]


def unfolded(table: pa.Table, schema: pa.Schema, name: str, size: int) -> pa.Table:
    """The table with its dictionaries of text unpacked, if that takes not too many bytes.

    A text of a gigabyte takes a gigabyte in each row, and only once in the file.

    Args:
        table: with columns of text that were read as dictionaries.
        schema: of the file.
        name: of the file, for the message.
        size: of the file in bytes.

    Raises:
        InputError: the texts take more bytes than a file of this size holds.
    """
    refuse_large_texts(table, name, size)
    for position, column in enumerate(table.columns):
        if not pa.types.is_dictionary(column.type):
            continue
        kept = schema.field(table.field(position).name)
        if kept.type != column.type:
            table = table.set_column(position, kept, column.cast(kept.type))
    return table


def refuse_large_texts(table: pa.Table, name: str, size: int) -> None:
    """Refuses a table whose texts, unpacked, take more bytes than its file can hold.

    Args:
        table: with columns of text that were read as dictionaries.
        name: of the file, for the message.
        size: of the file in bytes.

    Raises:
        InputError: names the file.
    """
    TextBytes(name, size).add(table)


class TextBytes:
    """Counts the bytes that texts of a file take unpacked, over its batches.

    Args:
        name: of the file, for the message.
        size: of the file in bytes.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size
        self._total = 0

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Counts some rows, with texts that were read as dictionaries.

        Raises:
            InputError: with them the texts take more bytes than the file can hold.
        """
        for column in batch.columns:
            if pa.types.is_dictionary(column.type):
                chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
                self._total += text_bytes(pa.chunked_array(chunks, column.type))
                _require_plausible(self._name, self._total, self._size)


def _require_plausible(name: str, unpacked: int, size: int) -> None:
    if unpacked > max(MOST_BYTES, TIMES_ITS_SIZE * size):
        raise InputError(
            f"{name} unpacks from {size:,} to {unpacked:,} bytes, which is not plausible; export "
            "it again"
        )


def text_bytes(column: pa.ChunkedArray) -> int:
    """Bytes of all texts of a column, each row counted, from a dictionary that stays packed."""
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    lengths = (pc.take(pc.binary_length(chunk.dictionary), chunk.indices) for chunk in chunks)
    return sum(pc.sum(pc.cast(length, pa.int64())).as_py() or 0 for length in lengths)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of a type, or of the dictionary that it is, are texts or bytes."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    types = pa.types
    return any(
        is_kind(plain)
        for is_kind in (types.is_string, types.is_large_string, types.is_binary,
                        types.is_large_binary)
    )  # fmt: skip
