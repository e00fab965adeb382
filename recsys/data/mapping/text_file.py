"""Reads a CSV file as texts, by Arrow; lines with too many or too few fields are named."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from recsys.data.mapping.lines import Lines
from recsys.data.mapping.mapping import Format
from recsys.data.sources.csv_file import OPEN_QUOTE, check_names
from recsys.data.sources.folder import require_file
from recsys.data.sources.gzipped import open_bytes, open_text, refuse_unbounded_gzip
from recsys.errors import InputError
from recsys.ops.shown_text import shown

_FOLDED = pa.dictionary(pa.int32(), pa.string())
_LONGEST = 60


@dataclass(frozen=True)
class BadLine:
    """A line that has not as many fields as the header.

    Attributes:
        record: its number; the header is 1, and empty lines are none.
        expected: number of fields of the header.
        got: number of fields of the line.
        text: its beginning.
        has_open_quote: whether a double quote in it is never closed.
    """

    record: int
    expected: int
    got: int
    text: str
    has_open_quote: bool


@dataclass(frozen=True)
class TextFile:
    """What was read of a file.

    Attributes:
        frame: [n] texts, null where a cell is empty.
        lines: line numbers of the rows.
        bad_lines: lines that were not read.
    """

    frame: pd.DataFrame
    lines: Lines
    bad_lines: list[BadLine]


def read_text_file(
    path: Path, form: Format, is_repeated: Callable[[str], bool] | None = None
) -> TextFile:
    """Reads a file with a header.

    Args:
        path: of the file.
        form: its separator and encoding.
        is_repeated: whether a column of the file, by its name, has few values in many rows and is
            kept as categories; None for no column.

    Raises:
        InputError: the file or its header cannot be read.
    """
    require_file(path)
    refuse_unbounded_gzip(path)
    header = read_header(path, form)
    check_names(path, header)
    types = {
        name: _FOLDED if is_repeated and is_repeated(name) else pa.large_string() for name in header
    }
    bad: list[BadLine] = []

    def leave_out(row: pa_csv.InvalidRow) -> str:
        record = -1 if row.number is None else row.number
        text = shown(row.text[:_LONGEST])
        is_open = row.text.count('"') % 2 == 1
        bad.append(BadLine(record, row.expected_columns, row.actual_columns, text, is_open))
        return "skip"

    table = _parsed(path, form, types, leave_out, with_threads=True)
    if bad:
        # Only a single thread knows the numbers of the lines.
        bad.clear()
        table = _parsed(path, form, types, leave_out, with_threads=False)
    columns = dict(zip(header, table.columns, strict=True))
    del table  # each column is given back once it is a series
    frame = pd.DataFrame({name: _series(columns.pop(name)) for name in header})
    records = [line.record for line in bad]
    return TextFile(frame, Lines(path, form.separator, form.encoding, len(frame), records), bad)


def read_header(path: Path, form: Format) -> list[str]:
    """The fields of the first line.

    Raises:
        InputError: the file is empty or cannot be read.
    """
    encoding = "utf-8-sig" if form.encoding.lower() in ("utf-8", "utf8") else form.encoding
    try:
        with open_text(path, encoding) as file:
            header = next((row for row in csv.reader(file, delimiter=form.separator) if row), None)
    except (UnicodeDecodeError, LookupError):
        raise _wrong_encoding(path, form) from None
    except (OSError, EOFError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path.name} cannot be read: {reason}") from None
    if header is None:
        raise InputError(f"{path.name} is empty: expected a header; export it again")
    return header


def _parsed(
    path: Path,
    form: Format,
    types: dict[str, pa.DataType],
    leave_out: Callable[[pa_csv.InvalidRow], str],
    *,
    with_threads: bool,
) -> pa.Table:
    try:
        return pa_csv.read_csv(
            path,
            read_options=pa_csv.ReadOptions(use_threads=with_threads, encoding=form.encoding),
            parse_options=pa_csv.ParseOptions(
                delimiter=form.separator, newlines_in_values=_has_quotes(path),
                invalid_row_handler=leave_out,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )  # fmt: skip
    except UnicodeDecodeError:
        raise _wrong_encoding(path, form) from None
    except pa.ArrowException as error:
        if "UTF8" in str(error):
            raise _wrong_encoding(path, form) from None
        reason = str(error).splitlines()[0]
        if "CSV parser got out of sync" in reason or "straddling" in reason:
            raise InputError(f"{path.name}: {OPEN_QUOTE}") from None
        raise InputError(f"{path.name} cannot be read: {reason}; export it again") from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from None


def _has_quotes(path: Path) -> bool:
    """Whether a value may hold line ends; without them the file is cut at any line, and faster."""
    with open_bytes(path) as file:
        while block := file.read(1 << 24):
            if b'"' in block:
                return True
    return False


def _wrong_encoding(path: Path, form: Format) -> InputError:
    return InputError(
        f"{path.name} cannot be read: it is not {form.encoding.upper()}; save it as UTF-8, or set "
        "encoding in a mapping"
    )


def _series(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_dictionary(column.type):
        categories: pd.Series = column.unify_dictionaries().to_pandas()
        return categories
    return pd.Series(pd.array(column, dtype="str"))
