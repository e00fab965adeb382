"""Reads columns of numbers, flags and ids; an error names the first cell that cannot be read."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Self

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
from recsys.errors import InputError
from recsys.ops.chunks import largest
from recsys.ops.shown_text import shown

FIX = "fix the value or drop the row"
FILL = "fill it in or drop the row"

_LARGEST_EXACT = 2**53
"""From here on a float cannot hold every whole number."""

_LARGEST_WHOLE = 2**63 - 1
"""Ids and positions are int64; 64-bit hashes without a sign may be larger."""

_LARGEST = float(np.finfo(np.float32).max)
"""Values become float32 in the arrays that models learn from."""

_NO_IDS = (bool, np.bool_, bytes, list, tuple, dict, np.ndarray, date)

_FLAGS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


class CellError(ValueError):
    """A cell is not what was expected. `check_table` turns it into an `InputError` of its table.

    Attributes:
        row: position of the first such cell, from 0.
        expected: what a cell of the column has to be.
        got: the value of the cell.
        remedy: what to do.
        bad: [n] bool, all cells with this fault; None where the whole column is of a wrong type.
    """

    def __init__(
        self,
        row: int,
        expected: str,
        got: object,
        remedy: str = FIX,
        bad: BoolArray | None = None,
    ) -> None:
        super().__init__(f"row {row}: expected {expected}, got {shown_cell(got)}; {remedy}")
        self.row, self.expected, self.got, self.remedy = row, expected, got, remedy
        self.bad = bad

    @classmethod
    def of(cls, column: pd.Series, bad: pd.Series, expected: str, remedy: str = FIX) -> Self:
        """The error of the cells that a mask names; at least one.

        Args:
            column: [n] cells.
            bad: [n] bool; null counts as False.
            expected: what a cell of the column has to be.
            remedy: what to do.
        """
        mask = bad.fillna(False).to_numpy(dtype=bool)
        row = int(mask.argmax())
        return cls(row, expected, column.iloc[row], remedy, mask)


def shown_cell(value: object) -> str:
    """A cell as a message repeats it: `none` where it is missing, otherwise as `shown`."""
    if value is None or value is pd.NaT or value is pd.NA:
        return "none"
    if isinstance(value, float | np.floating | Decimal) and value != value:
        return "none"
    return shown(value)


def bad_cell(
    table: str, row: int, column: str, expected: str, got: object, remedy: str, also: str = ""
) -> InputError:
    """The error of a cell: `table: row 3, column 'price': expected ..., got ...; remedy`.

    Args:
        table: its name.
        row: position of the cell, from 0.
        column: its name.
        expected: what a cell of the column has to be.
        got: the value of the cell.
        remedy: what to do.
        also: what follows the value, as a number of further rows.
    """
    return InputError(
        f"{table}: row {row}, column '{column}': expected {expected}, got {shown_cell(got)}{also}; "
        f"{remedy}"
    )


def listed(names: Iterable[object], most: int = 12) -> str:
    """The first `most` names, separated by commas, and how many more there are."""
    texts = [str(name) for name in names]
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more


def first_true(bad: pd.Series) -> int:
    """Position of the first True of a mask."""
    return int(bad.to_numpy(dtype=bool).argmax())


def read_numbers(column: pd.Series, expected: str = "numbers") -> pd.Series:
    """The column as float64, NaN where null; numbers written as text are read.

    Raises:
        CellError: the first cell that is no number, or is not finite in float32.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise CellError(0, expected, column.iloc[0])
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        raise CellError(0, expected, column.iloc[0], "convert it with column.dt.total_seconds()")
    if column.dtype == np.float64:
        numbers = column
    else:
        numbers = pd.to_numeric(column, errors="coerce").astype("Float64").astype("float64")
        _refuse(column, numbers.isna() & column.notna(), expected)
    if largest(numbers.to_numpy()) > _LARGEST:
        _refuse(column, numbers.abs() > _LARGEST, "finite numbers of at most 3.4e38")
    return numbers


def read_whole_numbers(column: pd.Series) -> pd.Series:
    """The column as int64; 3.0 becomes 3, and 3.5 is refused.

    Raises:
        CellError: the first cell that is empty or no whole number below 2**63.
    """
    if column.dtype == np.int64:
        return column
    if pd.api.types.is_integer_dtype(column.dtype) and not column.hasnans:
        _refuse(column, column > _LARGEST_WHOLE, "whole numbers below 2**63")
        return column.astype("int64")
    numbers = read_numbers(column, "whole numbers")
    _refuse(column, numbers.isna(), "whole numbers", FILL)
    _refuse(column, numbers % 1 != 0, "whole numbers")
    # Compared as floats: 2**63 - 1 has no exact float.
    _refuse(column, numbers.abs() >= 2.0**63, "whole numbers below 2**63")
    return numbers.astype("int64")


def read_flags(column: pd.Series) -> pd.Series:
    """The column as bool, from true and false (in any case) or 1 and 0.

    Raises:
        CellError: the first cell that is empty or anything else.
    """
    if column.dtype == bool:
        return column
    _refuse(column, column.isna(), "true or false", FILL)
    flags = column.astype(object).map(lambda cell: _FLAGS.get(str(cell).strip().lower()))
    _refuse(column, flags.isna(), "true or false")
    return flags.astype(bool)


def refuse_bad_ids(column: pd.Series) -> None:
    """Refuses cells that cannot be ids. Ids are whole numbers or texts, and 7.0 is the id 7.

    Raises:
        CellError: the first cell that is 7.5, a flag, a date, bytes or a list, or has lost digits.
    """
    if column.dtype == np.int64:
        return
    if pd.api.types.is_integer_dtype(column.dtype):
        _refuse(
            column, column > _LARGEST_WHOLE, "ids below 2**63", "write the whole column as text"
        )
    if not pd.api.types.is_float_dtype(column.dtype):
        _refuse(column, _is_no_id(column), "whole numbers or texts as ids")
        return
    _refuse(column, column.notna() & (column % 1 != 0), "whole numbers or texts as ids")
    _refuse(
        column,
        column.abs() >= _LARGEST_EXACT,
        "ids with all their digits",
        "read the column as text or as whole numbers, not as floats",
    )


def _is_no_id(column: pd.Series) -> pd.Series:
    types = pd.api.types
    if types.is_bool_dtype(column.dtype) or types.is_datetime64_any_dtype(column.dtype):
        return column.notna()
    # A shortcut: looking at each of millions of plain texts would be slow.
    if column.dtype != object or types.infer_dtype(column) in ("string", "integer"):
        return pd.Series(False, index=column.index)
    return column.map(lambda cell: isinstance(cell, _NO_IDS)) & column.notna()


def _refuse(column: pd.Series, bad: pd.Series, expected: str, remedy: str = FIX) -> None:
    if bad.any():
        raise CellError.of(column, bad, expected, remedy)
