"""Text files with a known separator and known columns, read as a stream by Arrow."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from recsys.data.cells import FILL, CellError
from recsys.data.kinds import WORDS, Kind
from recsys.data.sources.csv_file import JOINS, as_whole_numbers
from recsys.data.sources.epochs import MOMENTS, TimeUnit, moments_since_1970
from recsys.data.sources.folder import require_file
from recsys.data.sources.text_file import TextFile, arrow_error, bad_cell_of
from recsys.data.stream.frame import StreamedFrame
from recsys.errors import InputError
from recsys.ops.memory import Memory

_BLOCK = 1 << 22
"""Bytes of a batch."""

_UNIT_SEPARATOR = "\x1f"
"""Stands for separators of several characters, which Arrow does not read. No text has it."""

_TEXTS = pa.dictionary(pa.int32(), pa.string())


class Streamed(NamedTuple):
    """A table that was read from files.

    Attributes:
        frame: [n] rows: texts as categories, numbers as float64, times as UTC timestamps.
        sizes: [m] rows of each file.
    """

    frame: pd.DataFrame
    sizes: list[int]


def stream_text(
    files: Sequence[TextFile],
    kinds: Mapping[str, Kind],
    memory: Memory,
    *,
    required: Sequence[str] = (),
    unit: TimeUnit = "s",
) -> Streamed:
    """Some columns of files, one after the other. Empty lines do not count.

    Args:
        files: [m] that have all columns.
        kinds: name of each column to read -> how it is read. Numbers and moments are written as
            numbers; ids, codes and texts are kept as they are written, but ids and codes become
            whole numbers if all are. NA, null and the like are no empty cells.
        memory: holds the columns.
        required: columns without empty cells.
        unit: in which moments are counted since 1970.

    Raises:
        InputError: a file cannot be read, or names file, line and column of the first bad cell.
    """
    types = {name: _type_of(kind) for name, kind in kinds.items()}
    table = StreamedFrame(pa.schema(types), kinds.__getitem__, memory)
    sizes = []
    for file in files:
        rows = 0
        for batch in _batches(file, kinds):
            table.add(_checked(file, batch, rows, kinds, required, unit))
            rows += len(batch)
        sizes.append(rows)
    frame = table.frame()
    for name, kind in kinds.items():
        if kind in JOINS:
            frame[name] = _of_whole_numbers(frame[name])
    return Streamed(frame, sizes)


def _of_whole_numbers(column: pd.Series) -> pd.Series:
    """Categories of whole numbers, if each text is written as a program writes one."""
    numbers = as_whole_numbers(pd.Series(column.cat.categories))
    if isinstance(numbers.dtype, pd.StringDtype):
        return column
    renamed: pd.Series = column.cat.rename_categories(pd.Index(numbers))
    return renamed


def _type_of(kind: Kind) -> pa.DataType:
    if kind in WORDS:
        return _TEXTS
    return MOMENTS if kind == "moment" else pa.float64()


def _batches(file: TextFile, kinds: Mapping[str, Kind]) -> Iterator[pa.RecordBatch]:
    options = pa.csv.ReadOptions(
        column_names=list(file.names), skip_rows=file.header_lines, block_size=_BLOCK,
        encoding=file.encoding,
    )  # fmt: skip
    is_short = len(file.separator) == 1
    parse = pa.csv.ParseOptions(
        delimiter=file.separator if is_short else _UNIT_SEPARATOR,
        quote_char='"' if file.has_quotes else False,
    )
    convert = pa.csv.ConvertOptions(
        column_types={
            name: _TEXTS if kind in WORDS else pa.float64() for name, kind in kinds.items()
        },
        include_columns=list(kinds), null_values=[""], strings_can_be_null=True,
    )  # fmt: skip
    require_file(file.path)
    try:
        source = file.path if is_short else pa.BufferReader(_with_short_separators(file))
        with pa.csv.open_csv(source, options, parse, convert) as batches:
            yield from batches
    except pa.ArrowInvalid as error:
        if _is_header_alone(str(error)) and file.path.stat().st_size:
            return
        raise arrow_error(file, str(error)) from None
    except OSError as error:
        raise InputError(f"{file.path.name} cannot be read: {error.strerror or error}") from None


def _is_header_alone(message: str) -> bool:
    """Whether Arrow found no row; without a line feed behind it, it takes no header either."""
    return message == "Empty CSV file" or "file is too short" in message


def _with_short_separators(file: TextFile) -> bytes:
    return file.path.read_bytes().replace(file.separator.encode(), _UNIT_SEPARATOR.encode())


def _checked(
    file: TextFile,
    batch: pa.RecordBatch,
    before: int,
    kinds: Mapping[str, Kind],
    required: Sequence[str],
    unit: TimeUnit,
) -> pa.RecordBatch:
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name in required:
        if columns[name].null_count:
            row = before + columns[name].is_null().index(True).as_py()
            raise bad_cell_of(file, row, name, "a value", None, FILL)
    for name, kind in kinds.items():
        if kind == "moment":
            try:
                columns[name] = moments_since_1970(columns[name], unit)
            except CellError as error:
                row, remedy = before + error.row, error.remedy
                raise bad_cell_of(file, row, name, error.expected, error.got, remedy) from None
    return pa.record_batch(columns)
