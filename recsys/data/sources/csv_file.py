"""Reads CSV files; refuses those whose meaning would have to be guessed."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.io.parsers import TextFileReader

from recsys.data.cells import first_true
from recsys.data.kinds import WORDS, Kind
from recsys.data.sources.folder import require_file
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.ops.whole_numbers import CANONICAL

NULLS = ("", "NA", "N/A", "n/a", "<NA>", "#N/A", "NULL", "null", "NaN", "nan", "None", "NaT")
"""How programs write a missing value; in a column of ids only the empty cell is certain."""

ID_OR_EMPTY = "an id or an empty cell"
EMPTY_IT = "empty the cell if it means no value, or save the table as Parquet if it is an id"
"""What a cell of ids such as NA should be, and the remedy."""

OPEN_QUOTE = "a double quote is opened and never closed; close it, or remove it"

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}

_CODE = r"^\s*(?:[+-]?0[0-9].*|\+[0-9]{5,}|[0-9]+[eE][0-9]+)\s*$"
"""Cells that pandas reads as numbers although they are codes: 01234, +49123, 12E4."""

JOINS: tuple[Kind, ...] = ("id", "code")
"""Kinds of columns whose cells become whole numbers only if all are."""


def read_csv(path: Path, kind: Callable[[str], Kind]) -> pd.DataFrame:
    """The table in a comma-separated UTF-8 file with a header.

    Args:
        path: of the file.
        kind: gives the kind of a column by its name, see `recsys.data.kinds`. Ids, codes and texts
            are read as written, so that 007 is not 7; a column of ids or codes becomes whole
            numbers only if all its cells would be written back in the same way. A feature with a
            cell such as 01234 becomes texts.

    Raises:
        InputError: the file, its header or a row cannot be read; says which, and what to do.
    """
    with readable_as_csv(path):
        header = header_of(path)
        kinds = {name: kind(name) for name in header}
        with parsed(path, kinds) as file:
            frame = file.read()
        refuse_surplus_fields(path, frame)
        codes = _codes_among(path, header, frame, kinds)
    for name in header:
        if kinds[name] in JOINS:
            codes[name] = _whole(frame[name], kinds[name])
    # Assigning column by column would copy a wide frame once for each of its columns.
    return pd.DataFrame({name: codes.get(name, frame[name]) for name in header})


@contextmanager
def readable_as_csv(path: Path) -> Iterator[None]:
    """Words the errors of pandas while a file is read.

    Raises:
        InputError: the path is no file, or pandas raises an error.
    """
    require_file(path)
    try:
        yield
    except UnicodeDecodeError:
        raise InputError(f"{path.name} cannot be read: it is not UTF-8; save it as UTF-8") from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{path.name} is empty: expected a header; export it again") from None
    except pd.errors.ParserError as error:
        raise InputError(f"{path.name}{_bad_line(str(error))}") from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from None


def parsed(
    path: Path, kinds: Mapping[str, Kind], only: Sequence[str] | None = None
) -> TextFileReader:
    """The rows of a file, to be read in one or several steps.

    Args:
        path: of the file.
        kinds: name of each column -> how it is read.
        only: the columns to read; None for all.
    """
    texts = [name for name, kind in kinds.items() if kind in WORDS]
    return pd.read_csv(
        path, names=list(kinds), header=0, dtype=dict.fromkeys(texts, "str"), low_memory=False,
        keep_default_na=False, usecols=None if only is None else list(only), iterator=True,
        na_values={name: ("",) if kind == "id" else NULLS for name, kind in kinds.items()},
    )  # fmt: skip


def refuse_surplus_fields(path: Path, rows: pd.DataFrame, before: int = 0) -> None:
    """Refuses rows with one more field than the header has.

    pandas takes the first field of such rows for an index and shifts the names.

    Args:
        path: of the file, for the message.
        rows: of the file, as read.
        before: number of rows that were read before.

    Raises:
        InputError: the rows have more fields than the header.
    """
    if not rows.index.equals(pd.RangeIndex(before, before + len(rows))):
        raise InputError(
            f"{path.name}: every row has more fields than the header, which has "
            f"{len(rows.columns)}; name all columns, or remove the last comma of each line"
        )


def _codes_among(
    path: Path, header: Sequence[str], frame: pd.DataFrame, kinds: Mapping[str, Kind]
) -> dict[str, pd.Series]:
    """The columns of features that pandas read as numbers although they hold codes, as texts."""
    suspects = [
        position
        for position, (name, dtype) in enumerate(zip(header, frame.dtypes, strict=True))
        if kinds[name] == "feature" and pd.api.types.is_numeric_dtype(dtype)
    ]
    if not suspects:
        return {}
    written = pd.read_csv(
        path, names=list(header), header=0, usecols=suspects, dtype="str", low_memory=False,
        keep_default_na=False, na_values=list(NULLS),
    )  # fmt: skip
    return {str(name): column for name, column in written.items() if _holds_code(column)}


def _holds_code(column: pd.Series) -> bool:
    matches = pc.match_substring_regex(pa.array(column, pa.string(), from_pandas=True), _CODE)
    return bool(pc.any(matches).as_py())


def header_of(path: Path) -> list[str]:
    """The names of the columns.

    Raises:
        InputError: a name is missing or comes twice, or fields are not separated by commas.
    """
    row = pd.read_csv(path, header=None, nrows=1, dtype="str", keep_default_na=False)
    header: list[str] = row.iloc[0].tolist()
    for separator, name in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise InputError(f"{path.name} is separated by {name}; save it with commas")
    check_names(path, header)
    return header


def check_names(path: Path, header: Sequence[str]) -> None:
    """Refuses columns without a name, with blanks around it, or with a name that comes twice.

    Args:
        path: of the file, for the message.
        header: the names.

    Raises:
        InputError: names the column.
    """
    times = Counter(header)
    for position, name in enumerate(header, start=1):
        if not name.strip():
            raise InputError(
                f"{path.name}: column {position} of the header has no name; name it, or remove "
                "it (pandas: to_csv(index=False))"
            )
        if name != name.strip():
            raise InputError(
                f"{path.name}: column {position} of the header: expected a name without blanks "
                f"around it, got {shown(name)}; remove them"
            )
        if times[name] > 1:
            raise InputError(
                f"{path.name}: column '{name}' appears {times[name]} times; keep one of them"
            )


def _whole(column: pd.Series, kind: Kind) -> pd.Series:
    """Ids or codes as whole numbers if every cell is written as a program writes such numbers."""
    if kind == "id":
        refuse_doubtful(column, column.isin(NULLS))
    return as_whole_numbers(column)


def refuse_doubtful(column: pd.Series, is_null: pd.Series) -> None:
    """Refuses words in a column of ids that may stand for no id, as NA.

    Args:
        column: [n] ids.
        is_null: [n] whether a cell is one of `NULLS`.

    Raises:
        InputError: names the first such cell.
    """
    if is_null.any():
        row = first_true(is_null)
        raise InputError(
            f"row {row}, column '{column.name}': expected {ID_OR_EMPTY}, got "
            f"'{column.iloc[row]}', which may mean either; {EMPTY_IT}"
        )


def as_whole_numbers(column: pd.Series) -> pd.Series:
    """Texts as whole numbers if every one is written as a program writes such numbers."""
    # The first of millions of codes such as C0017 tell what all are.
    if not column.iloc[:100].str.fullmatch(CANONICAL, na=True).all():
        return column
    written = column.dropna()
    # At most 18 digits, which are below 2^63.
    if not len(written) or not written.str.fullmatch(CANONICAL).all():
        return column
    if (written.str.len() > 18).any():
        return column
    return column.astype("Int64" if len(written) < len(column) else "int64")


def _bad_line(message: str) -> str:
    """The rest of an error, from the message of pandas."""
    if ragged := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        expected, line, got = ragged.groups()
        return (
            f": line {line}: expected {expected} fields, got {got}; fix the line, or put a value "
            "with a comma in double quotes"
        )
    if "inside string" in message:
        return f": {OPEN_QUOTE}"
    return f" cannot be read: {message.splitlines()[0]}; export it again"
