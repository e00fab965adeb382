"""Parquet files that promise, or unfold to, more than their size bears out."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.errors import InputError

MOST_CELLS, CELLS_A_BYTE = 50_000_000, 100
"""A file may declare `MOST_CELLS` values, or its bytes times `CELLS_A_BYTE`: sorted and repeated
values take next to nothing, but a table of a thousand million rows is no small file."""

MOST_BYTES, TIMES_ITS_SIZE = 2**28, 100
"""The same for its bytes unpacked, in which a repeated text may count each time."""


def refuse_unbounded(files: Iterable[Path]) -> None:
    """Looks at what files declare, before anything is read.

    Args:
        files: parts of one table.

    Raises:
        InputError: one is no regular file, or together they declare more values or bytes than files
            of their size hold.
        OSError: one is no Parquet; names it.
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
        declared = _declared(about)
        cells, unpacked = cells + declared[0], unpacked + declared[1]
        if cells > max(MOST_CELLS, CELLS_A_BYTE * size):
            raise InputError(
                f"{path.name} declares {about.num_rows:,} rows of {about.num_columns:,} columns in "
                f"{size:,} bytes, which is not plausible; export it again"
            )
        _require_plausible(path.name, unpacked, size)


def _declared(about: pq.FileMetaData) -> tuple[int, int]:
    """Values and unpacked bytes."""
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
    """Columns of text, which are to be read as dictionaries so that `unfolded` can count them."""
    return [
        field.name
        for field in schema
        if (names is None or field.name in names) and _is_text(field.type)
    ]


def unfolded(table: pa.Table, schema: pa.Schema, name: str, size: int) -> pa.Table:
    """The table with its texts as texts, where these are not too many bytes.

    A dictionary of one text of a gigabyte is a small file, and each of its rows that gigabyte.

    Args:
        table: whose columns of text were read as dictionaries.
        schema: that the file has.
        name: of the file, for the message.
        size: of the file in bytes.

    Raises:
        InputError: they are.
    """
    total = 0
    for position, column in enumerate(table.columns):
        if not pa.types.is_dictionary(column.type):
            continue
        for chunk in column.chunks:
            lengths = pc.take(pc.binary_length(chunk.dictionary), chunk.indices)
            total += pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0
        _require_plausible(name, total, size)
        kept = schema.field(table.field(position).name)
        if kept.type != column.type:
            table = table.set_column(position, kept, column.cast(kept.type))
    return table


def _require_plausible(name: str, unpacked: int, size: int) -> None:
    if unpacked > max(MOST_BYTES, TIMES_ITS_SIZE * size):
        raise InputError(
            f"{name} unpacks from {size:,} to {unpacked:,} bytes, which is not plausible; export "
            "it again"
        )


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return any(
        is_kind(kind)
        for is_kind in (types.is_string, types.is_large_string, types.is_binary,
                        types.is_large_binary)
    )  # fmt: skip
