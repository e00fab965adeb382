"""Columns as people write them; the first cell that cannot be read is named."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

MEND = "mend the value or drop the row"
FILL = "fill it in or drop the row"

_LARGEST_EXACT = 2**53
"""From here on a float no longer holds every whole number."""

_LARGEST_WHOLE = 2**63 - 1
"""Ids and positions are int64; 64-bit hashes without a sign may be larger."""

_LARGEST = float(np.finfo(np.float32).max)
"""Values become float32 in the arrays that models learn from."""

_NO_IDS = (bool, np.bool_, bytes, list, tuple, dict, np.ndarray, date)

_LONGEST_SHOWN = 80

_FLAGS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


class CellError(ValueError):
    """One cell is not what was expected; whoever knows table and column puts it into words."""

    def __init__(self, row: int, expected: str, got: object, remedy: str = MEND) -> None:
        super().__init__(f"row {row}: expected {expected}, got {shown(got)}; {remedy}")
        self.row, self.expected, self.got, self.remedy = row, expected, got, remedy


def shown(value: object) -> str:
    """A cell as people read it: numbers plain, texts quoted, nulls as `none`."""
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or plain is pd.NaT or plain is pd.NA:
        return "none"
    if isinstance(plain, float | Decimal) and plain != plain:
        return "none"
    text = str(plain) if isinstance(plain, pd.Timestamp) else " ".join(repr(plain).split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names in one line of bearable length: the first of them, and how many more there are."""
    every = [str(name) for name in names]
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def first(bad: pd.Series) -> int:
    """Position of the first row of a mask that is set."""
    return int(bad.to_numpy(dtype=bool).argmax())


def read_numbers(column: pd.Series, expected: str = "numbers") -> pd.Series:
    """float64, NaN where null; numbers written as text are read."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise CellError(0, expected, column.iloc[0])
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        raise CellError(0, expected, column.iloc[0], "convert it with column.dt.total_seconds()")
    numbers = pd.to_numeric(column, errors="coerce").astype("Float64").astype("float64")
    _refuse(column, numbers.isna() & column.notna(), expected)
    _refuse(column, numbers.abs() > _LARGEST, "finite numbers of at most 3.4e38")
    return numbers


def read_whole_numbers(column: pd.Series) -> pd.Series:
    """int64, a value in every row; 3.0 is 3, and 3.5 is refused rather than cut off."""
    if pd.api.types.is_integer_dtype(column.dtype) and not column.hasnans:
        _refuse(column, column > _LARGEST_WHOLE, "whole numbers below 2**63")
        return column.astype("int64")
    numbers = read_numbers(column, "whole numbers")
    _refuse(column, numbers.isna(), "whole numbers", FILL)
    _refuse(column, numbers % 1 != 0, "whole numbers")
    # As floats: 2**63 - 1 has none of its own.
    _refuse(column, numbers.abs() >= 2.0**63, "whole numbers below 2**63")
    return numbers.astype("int64")


def read_flags(column: pd.Series) -> pd.Series:
    """Bool from true and false, as text or as 1 and 0; nothing else is guessed at."""
    if column.dtype == bool:
        return column
    _refuse(column, column.isna(), "true or false", FILL)
    flags = column.astype(object).map(lambda cell: _FLAGS.get(str(cell).strip().lower()))
    _refuse(column, flags.isna(), "true or false")
    return flags.astype(bool)


def refuse_bad_ids(column: pd.Series) -> None:
    """Ids are whole numbers or texts: 7.0 is the id 7; 7.5, a flag, a date or a list is none."""
    if pd.api.types.is_integer_dtype(column.dtype):
        _refuse(
            column, column > _LARGEST_WHOLE, "ids below 2**63", "write the whole column as text"
        )
    if not pd.api.types.is_float_dtype(column.dtype):
        _refuse(column, _no_ids(column), "whole numbers or texts as ids")
        return
    _refuse(column, column.notna() & (column % 1 != 0), "whole numbers or texts as ids")
    _refuse(
        column,
        column.abs() >= _LARGEST_EXACT,
        "ids whose digits are all there",
        "read the column as text or as whole numbers, not as floats",
    )


def _no_ids(column: pd.Series) -> pd.Series:
    types = pd.api.types
    if types.is_bool_dtype(column.dtype) or types.is_datetime64_any_dtype(column.dtype):
        return column.notna()
    # Millions of plain texts are not to be looked at one by one.
    if column.dtype != object or types.infer_dtype(column) in ("string", "integer"):
        return pd.Series(False, index=column.index)
    return column.map(lambda cell: isinstance(cell, _NO_IDS)) & column.notna()


def _refuse(column: pd.Series, bad: pd.Series, expected: str, remedy: str = MEND) -> None:
    if bad.any():
        row = first(bad.fillna(False))
        raise CellError(row, expected, column.iloc[row], remedy)
