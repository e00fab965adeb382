"""A CSV file, from whatever program it was saved; what would have to be guessed is refused."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from recsys.data.cells import first
from recsys.errors import InputError

_NULLS = ("", "NA", "N/A", "n/a", "<NA>", "#N/A", "NULL", "null", "NaN", "nan", "None", "NaT")
"""What other programs write for no value; of ids alone the empty one is certain to mean it."""

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_WHOLE = r"0|-?[1-9]\d{0,17}"


def read_csv(path: Path, is_id: Callable[[str], bool]) -> pd.DataFrame:
    """The table of a comma-separated UTF-8 file with a header.

    Args:
        path: of the file.
        is_id: whether a column of this name holds ids: those are read as written, so that 007 is
            not 7, and become whole numbers only where all read back the same.

    Raises:
        InputError: the file, its header or a row cannot be read; says which and what to do.
    """
    try:
        header = _header(path)
        ids = [name for name in header if is_id(name)]
        frame = pd.read_csv(
            path, names=header, header=0, dtype=dict.fromkeys(ids, "str"), keep_default_na=False,
            na_values={name: ("",) if name in ids else _NULLS for name in header},
        )  # fmt: skip
    except UnicodeDecodeError:
        raise InputError(f"{path.name} cannot be read: it is not UTF-8; save it as UTF-8") from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{path.name} is empty: expected a header; export it again") from None
    except pd.errors.ParserError as error:
        raise InputError(f"{path.name}{_bad_line(str(error))}") from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from None
    # pandas takes the surplus of all rows for an index and shifts the names.
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{path.name}: every row has more fields than the header, which has {len(header)}; "
            "name them all, or take the last comma of each line away"
        )
    for name in ids:
        frame[name] = _read_ids(frame[name])
    return frame


def _header(path: Path) -> list[str]:
    row = pd.read_csv(path, header=None, nrows=1, dtype="str", keep_default_na=False)
    header: list[str] = row.iloc[0].tolist()
    for separator, spoken in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise InputError(f"{path.name} is separated by {spoken}; save it with commas")
    _check_names(path, header)
    return header


def _check_names(path: Path, header: Sequence[str]) -> None:
    for place, name in enumerate(header, start=1):
        if not name.strip():
            raise InputError(
                f"{path.name}: column {place} of the header has no name; give it one, or take it "
                "away (pandas: to_csv(index=False))"
            )
        if header.count(name) > 1:
            raise InputError(
                f"{path.name}: column '{name}' stands there {header.count(name)} times; keep one"
            )


def _read_ids(column: pd.Series) -> pd.Series:
    doubtful = column.isin(_NULLS)
    if doubtful.any():
        row = first(doubtful)
        raise InputError(
            f"row {row}, column '{column.name}': expected an id or an empty cell, got "
            f"'{column.iloc[row]}', which may mean either; empty the cell where it means none, or "
            "save the table as Parquet where it is an id"
        )
    written = column.dropna()
    if not len(written) or not written.str.fullmatch(_WHOLE).all():
        return column
    return column.astype("Int64" if len(written) < len(column) else "int64")


def _bad_line(words: str) -> str:
    if ragged := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", words):
        expected, line, got = ragged.groups()
        return (
            f": line {line}: expected {expected} fields, got {got}; mend the line, or put a value "
            "with a comma in double quotes"
        )
    if "inside string" in words:
        return ": a double quote is opened and never closed; close it, or take it away"
    return f" cannot be read: {words.splitlines()[0]}; export it again"
