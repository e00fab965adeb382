"""A CSV file, from whatever program it was saved; what would have to be guessed is refused."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.data.cells import first_true
from recsys.data.kinds import Kind
from recsys.data.sources.folder import require_file
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.ops.whole_numbers import CANONICAL

_NULLS = ("", "NA", "N/A", "n/a", "<NA>", "#N/A", "NULL", "null", "NaN", "nan", "None", "NaT")
"""What other programs write for no value; of ids alone the empty one is certain to mean it."""

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}

_CODE = r"^\s*(?:[+-]?0[0-9].*|\+[0-9]{5,}|[0-9]+[eE][0-9]+)\s*$"
"""Cells that pandas reads as numbers although their digits are a code's: 01234, +49123, 12E4."""

_JOINS: tuple[Kind, ...] = ("id", "code")
_AS_WRITTEN: tuple[Kind, ...] = (*_JOINS, "text")


def read_csv(path: Path, kind: Callable[[str], Kind]) -> pd.DataFrame:
    """The table of a comma-separated UTF-8 file with a header.

    Args:
        path: of the file.
        kind: of the column of this name, see `recsys.data.kinds`. Ids, codes and texts are read as
            written, so that 007 is not 7; ids and codes become whole numbers only where all read
            back the same. A feature with a cell such as 01234 holds texts.

    Raises:
        InputError: the file, its header or a row cannot be read; says which and what to do.
    """
    require_file(path)
    try:
        header = _header(path)
        kinds = {name: kind(name) for name in header}
        frame = _parsed(path, kinds)
        # pandas takes the surplus of all rows for an index and shifts the names.
        if not isinstance(frame.index, pd.RangeIndex):
            raise InputError(
                f"{path.name}: every row has more fields than the header, which has "
                f"{len(header)}; name them all, or take the last comma of each line away"
            )
        codes = _codes_among(path, header, frame, kinds)
    except UnicodeDecodeError:
        raise InputError(f"{path.name} cannot be read: it is not UTF-8; save it as UTF-8") from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{path.name} is empty: expected a header; export it again") from None
    except pd.errors.ParserError as error:
        raise InputError(f"{path.name}{_bad_line(str(error))}") from None
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from None
    for name in header:
        if kinds[name] in _JOINS:
            codes[name] = _whole(frame[name], kinds[name])
    # Column by column a wide frame would be rebuilt as often as it has columns.
    return pd.DataFrame({name: codes.get(name, frame[name]) for name in header})


def _parsed(path: Path, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    texts = [name for name, kind in kinds.items() if kind in _AS_WRITTEN]
    return pd.read_csv(
        path, names=list(kinds), header=0, dtype=dict.fromkeys(texts, "str"), low_memory=False,
        keep_default_na=False,
        na_values={name: ("",) if kind == "id" else _NULLS for name, kind in kinds.items()},
    )  # fmt: skip


def _codes_among(
    path: Path, header: Sequence[str], frame: pd.DataFrame, kinds: Mapping[str, Kind]
) -> dict[str, pd.Series]:
    """The features that look like numbers and are codes, as texts."""
    suspects = [
        position
        for position, (name, dtype) in enumerate(zip(header, frame.dtypes, strict=True))
        if kinds[name] == "feature" and pd.api.types.is_numeric_dtype(dtype)
    ]
    if not suspects:
        return {}
    written = pd.read_csv(
        path, names=list(header), header=0, usecols=suspects, dtype="str", low_memory=False,
        keep_default_na=False, na_values=list(_NULLS),
    )  # fmt: skip
    return {str(name): column for name, column in written.items() if _holds_code(column)}


def _holds_code(column: pd.Series) -> bool:
    matches = pc.match_substring_regex(pa.array(column, pa.string(), from_pandas=True), _CODE)
    return bool(pc.any(matches).as_py())


def _header(path: Path) -> list[str]:
    row = pd.read_csv(path, header=None, nrows=1, dtype="str", keep_default_na=False)
    header: list[str] = row.iloc[0].tolist()
    for separator, spoken in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            raise InputError(f"{path.name} is separated by {spoken}; save it with commas")
    _check_names(path, header)
    return header


def _check_names(path: Path, header: Sequence[str]) -> None:
    times = Counter(header)
    for position, name in enumerate(header, start=1):
        if not name.strip():
            raise InputError(
                f"{path.name}: column {position} of the header has no name; give it one, or take "
                "it away (pandas: to_csv(index=False))"
            )
        if name != name.strip():
            raise InputError(
                f"{path.name}: column {position} of the header: expected a name without blanks "
                f"around it, got {shown(name)}; take them away"
            )
        if times[name] > 1:
            raise InputError(
                f"{path.name}: column '{name}' appears {times[name]} times; keep one of them"
            )


def _whole(column: pd.Series, kind: Kind) -> pd.Series:
    """Ids or codes as whole numbers, where every one is spelt as a program writes it."""
    doubtful = column.isin(_NULLS)
    if kind == "id" and doubtful.any():
        row = first_true(doubtful)
        raise InputError(
            f"row {row}, column '{column.name}': expected an id or an empty cell, got "
            f"'{column.iloc[row]}', which may mean either; empty the cell where it means none, or "
            "save the table as Parquet where it is an id"
        )
    written = column.dropna()
    # Not all 19 digits: beyond 2^63 the whole column would have to be text after all.
    if not len(written) or not written.str.fullmatch(CANONICAL).all():
        return column
    if (written.str.len() > 18).any():
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
