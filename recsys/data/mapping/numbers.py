"""Numbers with a decimal comma and signs between thousands."""

import re

import pandas as pd

from recsys.data.cells import CellError

_LOOKS_LIKE_ONE = r"[-+]?\d[\d.,' ]*"


def number_pattern(decimal: str, thousands: str | None) -> str:
    """A regular expression of numbers with these signs.

    Args:
        decimal: the sign before the decimals.
        thousands: the sign between groups of three digits; None for none.
    """
    whole = r"\d+"
    if thousands:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+)"
    return rf"[-+]?{whole}(?:{re.escape(decimal)}\d+)?"


def with_point(cells: pd.Series, decimal: str, thousands: str | None) -> pd.Series:
    """Texts of numbers with a decimal point and without other signs; other texts stay.

    Args:
        cells: [n] texts.
        decimal: the sign before the decimals.
        thousands: the sign between groups of three digits; None for none.

    Raises:
        CellError: the first cell that looks like a number with other signs: 12.50 may be 1250.
    """
    if decimal == "." and not thousands:
        return cells
    texts = cells.str.strip()
    good = texts.str.fullmatch(number_pattern(decimal, thousands)).fillna(False)
    other = texts.str.fullmatch(_LOOKS_LIKE_ONE).fillna(False) & ~good
    if other.any():
        shown = f"1{thousands or ''}234{decimal}50"
        remedy = "write it that way, or change decimal and thousands of the mapping"
        raise CellError.of(cells, other, f"a number such as {shown}", remedy)
    plain = texts.str.replace(thousands, "", regex=False) if thousands else texts
    return cells.mask(good, plain.str.replace(decimal, ".", regex=False))
