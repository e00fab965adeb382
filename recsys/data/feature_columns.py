"""Reads feature columns of customers and products: numbers and dates that are written as text.

A text column counts as numbers or dates if nearly all of its cells are; an error then names the
first other cell, instead of silently treating the column as categories. Columns with codes stay
text: whole numbers with a leading zero, or mixed with texts that have digits ("1002", "1002A").
"""

from datetime import date

import pandas as pd

from recsys.data.cells import CellError
from recsys.data.codes import read_feature_numbers
from recsys.data.moments import read_moments

NEARLY_ALL = 0.9
"""From this share of numbers or dates on, the other cells of a column count as mistakes."""

_WHOLE = r"-?(?:0|[1-9]\d*)"
# 12E4 is a code, and so is +49123: programs write 1e+06 and 4.9E+14, and no plus before a number.
_NUMBER = rf"{_WHOLE}(?:\.\d+)?(?:e[-+]?\d+|E[-+]\d+)?"
_DECIMAL_COMMA = r"[-+]?\d+(?:[.' ]\d{3})*,\d+"
_THOUSANDS = r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
_ISO_DATE = r"\d{4}-\d{2}-\d{2}(?:[T ].*)?"
_OTHER_DATE = r"\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./]\d{1,2}[./]\d{1,2}"

_A_NUMBER, _A_DATE = "a number such as 1964.23", "a date such as 1980-05-31"
_EMPTY = "fix the value, or leave it empty where there is none"


def read_feature(column: pd.Series) -> pd.Series:
    """Numbers become float64 and dates UTC timestamps; other columns stay as they are.

    A column of categories says that its texts are no numbers, and stays one.

    Raises:
        CellError: the first cell that is no number or date where nearly all others are, or that is
            written in a way with more than one meaning, as 01/02/2026 or 1,234.
    """
    column = read_feature_numbers(column)
    if column.dtype != object and not pd.api.types.is_string_dtype(column.dtype):
        return column
    present = column.dropna()
    if not len(present):
        return column
    if column.dtype == object:  # looking at each of many plain texts would be slow
        if present.map(lambda cell: isinstance(cell, date)).all():
            return read_moments(column)
        if not present.map(lambda cell: isinstance(cell, str)).all():
            return column
    texts = present.str.strip()
    if _share(texts, _ISO_DATE) >= NEARLY_ALL:
        _require(column, texts.str.fullmatch(_ISO_DATE), _A_DATE, _EMPTY)
        return read_moments(column.str.strip())
    if _share(texts, _OTHER_DATE) >= NEARLY_ALL:
        _require(column, texts.str.fullmatch(_ISO_DATE), _A_DATE, "write the whole column this way")
    if _share(texts, f"{_NUMBER}|{_DECIMAL_COMMA}|{_THOUSANDS}") >= NEARLY_ALL:
        return _numbers(column, texts)
    return column


def _numbers(column: pd.Series, texts: pd.Series) -> pd.Series:
    """The column as float64, or as it is where its whole numbers are codes."""
    has_comma = texts.str.contains(",", regex=False)
    others = texts[~texts.str.fullmatch(f"{_NUMBER}|{_DECIMAL_COMMA}|{_THOUSANDS}")]
    only_whole = texts.str.fullmatch(_WHOLE).sum() + len(others) == len(texts)
    if only_whole and others.str.contains(r"\d").any():
        return column
    if has_comma.any():
        _require(
            column, ~has_comma, _A_NUMBER, "write a decimal point, and thousands without comma"
        )
    _require(column, texts.str.fullmatch(_NUMBER), _A_NUMBER, _EMPTY)
    return pd.to_numeric(column.str.strip()).astype("float64")


def _share(texts: pd.Series, pattern: str) -> float:
    return float(texts.str.fullmatch(pattern).mean())


def _require(column: pd.Series, good: pd.Series, expected: str, remedy: str) -> None:
    if not good.all():
        # `good` has only the rows with a value; their index holds positions in the column.
        bad = (~good).reindex(column.index, fill_value=False)
        raise CellError.of(column, bad, expected, remedy)
