"""Reads columns of ids, codes and texts: cells are kept as they are written, or refused."""

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype, is_bool_dtype, is_float_dtype, is_integer_dtype

from recsys.data.cells import FIX, CellError, first_true, refuse_bad_ids
from recsys.data.vocabulary import normalise_ids

ZEROS = (
    "all long numbers end in zeros, as in a spreadsheet's 4.91235E+14: format the column as text "
    "there and export it again"
)

_UNSEEN = ("\u200b", "\ufeff")
"""Characters without width that `str.strip` does not remove."""

_ROUNDED = r"-?[0-9](?:[.,][0-9]+)?E\+[0-9]+"
"""How a spreadsheet shows a long number: 4.91235E+14 can be any of a billion numbers."""

_SPACES = "\\x00-\\x20\\x7f-\\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"

_PERHAPS = rf"^$|^[{_SPACES}]|[{_SPACES}]$|[eE]\+[0-9]|\.0+$"
"""What each text at fault has; most columns have no such text, and need no closer look."""

_MAYBE_ROUNDED, _MOST_EXACT = r"-?[0-9](?:[.,][0-9]+)?e\+[0-9]+", 0.01
"""With a small e it may be how R writes a round number, as 1e+06; few cells are that round."""

_LARGEST = float(np.finfo(np.float32).max)

_LONG, _ROUND = 1e12, 1e6
"""Floats from `_LONG` on that are all multiples of `_ROUND` were rounded in the same way."""


def read_ids(column: pd.Series) -> pd.Series:
    """Ids or codes as int64 (Int64 with gaps) if all are whole numbers, otherwise as texts.

    Raises:
        CellError: the first cell that is no id, has lost digits, has blanks around it, or is
            written in two ways in the column (1.0 and 1).
    """
    column = _of_one_type(column)
    _refuse_beyond_64_bits(column)
    refuse_bad_ids(column)
    if is_float_dtype(column.dtype):
        _refuse_rounded_floats(column)
    elif not is_integer_dtype(column.dtype):
        _refuse_texts(column, "an id")
    return normalise_ids(column)


def read_texts(column: pd.Series) -> pd.Series:
    """The column as texts, null where a cell is empty; the number 7.0 becomes the text 7.

    Raises:
        CellError: the first cell that has lost digits or has blanks around it.
    """
    column = _of_one_type(column)
    if is_bool_dtype(column.dtype) or is_integer_dtype(column.dtype):
        return column.astype(object).map(str, na_action="ignore")
    if is_float_dtype(column.dtype):
        _refuse_rounded_floats(column)
        return column.astype(object).map(_spelt, na_action="ignore")
    if not isinstance(column.dtype, pd.StringDtype):
        column = column.astype(object).map(str, na_action="ignore")
    if (column == "").any():
        column = column.mask(column == "")
    _refuse_texts(column, "a text")
    return column


def read_feature_numbers(column: pd.Series) -> pd.Series:
    """Features: decimals, mixed numbers and those with gaps become floats, the rest stays as it is.

    Raises:
        CellError: the first number that is not finite in float32.
    """
    column = _of_one_type(column, decimals_are_whole=False)
    if is_integer_dtype(column.dtype) and column.hasnans:
        column = column.astype("float64")
    if is_float_dtype(column.dtype):
        endless = np.abs(column.to_numpy(np.float64, na_value=np.nan)) > _LARGEST
        if endless.any():
            row = int(endless.argmax())
            largest = "finite numbers of at most 3.4e38"
            raise CellError(row, largest, column.iloc[row], FIX, endless)
    return column


def refuse_nested(column: pd.Series) -> None:
    """Refuses cells that hold bytes or several values.

    Raises:
        CellError: the first such cell.
    """
    if isinstance(column.dtype, pd.ArrowDtype):
        nested = pd.Series("<" in str(column.dtype.pyarrow_dtype), index=column.index)
    elif column.dtype != object or infer_dtype(column) in _PLAIN:
        return
    else:
        nested = column.map(lambda cell: isinstance(cell, bytes) or _is_nested(cell))
    nested &= column.notna()
    if nested.any():
        row = first_true(nested)
        cell = column.iloc[row]
        cell = cell.tolist() if hasattr(cell, "tolist") else cell
        remedy = "decode it to text, or drop the column"
        if not isinstance(cell, bytes):
            remedy = "write a column for each value (true or false), or drop the column"
        raise CellError(row, "one value in a cell", cell, remedy, nested.to_numpy(dtype=bool))


_PLAIN = (
    "string", "empty", "floating", "integer", "mixed-integer-float", "decimal", "complex",
    "boolean", "datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period",
)  # fmt: skip
"""Results of `infer_dtype` for object columns whose cells hold single values."""


def _is_nested(cell: object) -> bool:
    return hasattr(cell, "__len__") and not isinstance(cell, str)


def _of_one_type(column: pd.Series, decimals_are_whole: bool = True) -> pd.Series:
    """Numbers in an object column as a column of numbers."""
    if column.dtype != object:
        return column
    kind = infer_dtype(column)
    if kind == "decimal":
        if decimals_are_whole and column.dropna().map(lambda cell: cell % 1 == 0).all():
            return column.map(int, na_action="ignore").astype(object)
        return pd.to_numeric(column)
    if kind in ("mixed-integer-float", "floating"):
        return pd.to_numeric(column)
    if kind == "integer" and not decimals_are_whole:
        return column.astype("float64")
    return column


def _refuse_beyond_64_bits(column: pd.Series) -> None:
    if column.dtype != object or infer_dtype(column) != "integer":
        return
    present = column.dropna()
    large = present.index[[not -(2**63) <= number < 2**63 for number in present]]
    if len(large):
        bad = pd.Series(column.index.isin(large))
        raise CellError.of(column, bad, "ids below 2**63", "write the whole column as text")


def _refuse_rounded_floats(column: pd.Series) -> None:
    if _end_in_zeros(column.dropna()):
        raise CellError.of(column, column.abs() >= _LONG, "an id with all its digits", ZEROS)


def _end_in_zeros(numbers: pd.Series) -> bool:
    long = numbers[numbers.abs() >= _LONG]
    return len(long) > 0 and bool((long % _ROUND == 0).all())


def _refuse_texts(column: pd.Series, what: str) -> None:
    if isinstance(column.dtype, pd.StringDtype):
        if not column.str.contains(_PERHAPS, na=False).any():
            return
        texts = pd.Series(column.dropna().unique())
    else:
        if column.dtype == object and infer_dtype(column) != "string":
            _refuse_floats_among_texts(column)
        texts = pd.Series(column.dropna().unique()).astype(object).map(str).astype("str")
    blank = (texts == "") | (texts != texts.str.strip())
    blank |= texts.str.startswith(_UNSEEN) | texts.str.endswith(_UNSEEN)
    _refuse(column, texts[blank], f"{what} without blanks around it", "remove them")
    rounded = texts.str.fullmatch(_ROUNDED)
    maybe = texts.str.fullmatch(_MAYBE_ROUNDED)
    rounded |= maybe & (maybe.mean() > _MOST_EXACT)
    _refuse(
        column, texts[rounded], f"{what} with all its digits",
        "a spreadsheet has rounded it, so that different ids became equal: format the column as "
        "text there and export it again",
    )  # fmt: skip
    as_floats = texts[texts.str.fullmatch(r"-?[0-9]+\.0+")]
    if len(as_floats):
        twice = as_floats[as_floats.str.replace(r"\.0+$", "", regex=True).isin(texts)]
        _refuse(
            column, twice, f"{what} written in one way only",
            "another row has it without '.0': write both in the same way",
        )  # fmt: skip
        if _end_in_zeros(numbers := as_floats.astype("float64")):
            _refuse(column, as_floats[numbers.abs() >= _LONG], f"{what} with all its digits", ZEROS)


def _refuse_floats_among_texts(column: pd.Series) -> None:
    floats = column.map(lambda cell: isinstance(cell, float) and cell == cell)
    if floats.any():
        remedy = "write the whole column as text"
        raise CellError.of(column, floats, "whole numbers or texts as ids", remedy)


def _refuse(column: pd.Series, cells: pd.Series, expected: str, remedy: str) -> None:
    if len(cells):
        bad = column.map(str, na_action="ignore").isin(cells)
        raise CellError.of(column, bad, expected, remedy)


def _spelt(number: float) -> str:
    return str(int(number)) if number % 1 == 0 else repr(number)
