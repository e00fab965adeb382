"""Columns whose cells are the same in all rows of a part, as values in names of folders."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.ops.memory import Memory


def repeated(values: pd.Series, sizes: Sequence[int], memory: Memory) -> pd.Series:
    """The value of each part in each of its rows [n].

    Args:
        values: [m] of the parts: categories, whole numbers or moments.
        sizes: [m] their numbers of rows.
        memory: holds the column.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = _spread(values.cat.codes.to_numpy(), sizes, memory)
        return pd.Series(
            pd.Categorical.from_codes(codes, dtype=values.dtype, validate=False), copy=False
        )
    if isinstance(values.dtype, pd.Int64Dtype):
        numbers = _spread(values.fillna(0).to_numpy(np.int64), sizes, memory)
        nulls = _spread(values.isna().to_numpy(), sizes, memory)
        return pd.Series(pd.arrays.IntegerArray(numbers, nulls), copy=False)
    return pd.Series(_spread(values.to_numpy(), sizes, memory), copy=False)


def _spread(values: NDArray[Any], sizes: Sequence[int], memory: Memory) -> NDArray[Any]:
    column, start = memory.allocate(sum(sizes), values.dtype), 0
    for value, size in zip(values, sizes, strict=True):
        column[start : start + size] = value
        start += size
    return column
