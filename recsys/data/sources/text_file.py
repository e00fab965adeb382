"""Text files with a row a line: what they are, their first line, and errors by line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recsys.data.cells import FIX, bad_cell
from recsys.data.sources.folder import require_file
from recsys.errors import InputError
from recsys.ops.shown_text import shown

_LONGEST = 1 << 22
"""Characters of a header."""

_BAD_NUMBER = re.compile(r"In CSV column #(\d+): Row #(\d+): .* invalid value '(.*)'", re.DOTALL)
_BAD_TEXT = re.compile(r"In CSV column #(\d+): Row #(\d+): .*invalid UTF8")
_RAGGED = re.compile(r"CSV parse error: Row #(\d+): Expected (\d+) columns, got (\d+)")


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A file with a row a line.

    Attributes:
        path: where it lies.
        names: of all fields of a line, in their order.
        separator: between two fields.
        header_lines: lines before the first row.
        has_quotes: whether a field may stand in double quotes, and a quote in it is doubled.
        encoding: of the text.
    """

    path: Path
    names: Sequence[str]
    separator: str = ","
    header_lines: int = 1
    has_quotes: bool = True
    encoding: str = "utf8"


def first_line(path: Path, encoding: str = "utf8") -> str:
    """The first line of a file, without its end.

    Raises:
        InputError: the file is missing, empty or no such text.
    """
    require_file(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            line = file.readline(_LONGEST)
    except UnicodeDecodeError:
        raise InputError(f"{path.name} cannot be read: it is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from None
    if not line.strip():
        raise InputError(f"{path.name} is empty: expected a header; export it again")
    return line.removeprefix("\ufeff").rstrip("\r\n")


def bad_cell_of(
    file: TextFile, row: int, column: str, expected: str, got: object, remedy: str
) -> InputError:
    """The error of a cell, by file, line and column.

    Args:
        file: that it is in.
        row: from 0, without the lines of the header.
        column: its name.
        expected: what it has to be.
        got: what it is.
        remedy: what to do.
    """
    error = bad_cell(file.path.name, 0, column, expected, got, remedy)
    line = _line_of(file, row + file.header_lines)
    return InputError(str(error).replace(": row 0,", f": line {line:,},", 1))


def _line_of(file: TextFile, row: int) -> int:
    """The number of a line, from 1, of which empty ones before it were not counted."""
    with file.path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip(b"\r\n"):
                row -= 1
            if row < 0:
                return number
    return number


def arrow_error(file: TextFile, message: str) -> InputError:
    """The error of Arrow while it reads a file, by line and column.

    Args:
        file: that it is in.
        message: of Arrow, whose rows are counted from 1 and include the header.
    """
    name = file.path.name
    if bad := _BAD_TEXT.search(message):
        column, row = int(bad[1]), int(bad[2]) - 1 - file.header_lines
        return bad_cell_of(
            file, row, file.names[column], "UTF-8", "other bytes", "save it as UTF-8"
        )
    if bad := _BAD_NUMBER.search(message):
        column, row = int(bad[1]), int(bad[2]) - 1 - file.header_lines
        return bad_cell_of(file, row, file.names[column], "a number", bad[3], FIX)
    if ragged := _RAGGED.search(message):
        line = _line_of(file, int(ragged[1]) - 1)
        return InputError(
            f"{name}: line {line:,}: expected {ragged[2]} fields, got {ragged[3]}; fix the line"
            + (", or close its double quote" if file.has_quotes else "")
        )
    if message == "Empty CSV file":
        return InputError(f"{name} is empty: expected rows; export it again")
    return InputError(f"{name} cannot be read: {shown(message)}; export it again")
