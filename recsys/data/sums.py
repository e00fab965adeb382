"""Columns whose cells are finite and whose sums are not."""

import math

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.errors import InputError

LARGEST = float(np.finfo(np.float32).max)
LARGEST_PRODUCT = math.sqrt(LARGEST)
"""Models multiply the sum of a customer's weights by that of a product's."""


def refuse_overflow(name: str, table: pd.DataFrame, numbers: list[str]) -> None:
    """Refuses a column of numbers that add up to more than float32 holds.

    Args:
        name: of the table.
        table: checked.
        numbers: its columns of numbers.

    Raises:
        InputError: names the table and the column.
    """
    for column in numbers:
        largest = LARGEST_PRODUCT if column == columns.WEIGHT else LARGEST
        total = float(table[column].abs().sum())
        if total > largest:
            raise InputError(
                f"{name}: column '{column}': expected numbers that add up to at most "
                f"{largest:.2g}, got {total:.3g} in {len(table):,} rows; divide the column by a "
                "number that makes its usual value about 1, or fix its largest cells"
            )
