"""Columns of ids, codes and texts as categories: a small code a row into the distinct values.

From the read on, such columns of interactions are unordered pandas categories of texts (`str`) or
whole numbers (`int64`); null has the code -1, and a category may be in no row. What holds for each
value is then worked out once a category, not once a row.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import infer_dtype, is_integer_dtype

from recsys.arrays import BoolArray, IntArray
from recsys.ops.chunks import slices

_DENSE = 4
"""Whole numbers in a range of so many times their count are numbered by a table, not by hash."""


def is_coded(column: pd.Series) -> bool:
    """Whether a column is one of categories."""
    return isinstance(column.dtype, pd.CategoricalDtype)


def has_usual_categories(column: pd.Series) -> bool:
    """Whether a column has unordered categories of texts or of whole numbers."""
    dtype = column.dtype
    if not isinstance(dtype, pd.CategoricalDtype) or dtype.ordered:
        return False
    of = dtype.categories.dtype
    return bool(of in ("str", np.int64))


def codes_of(column: pd.Series) -> IntArray:
    """[n] codes of a column of categories, -1 for null; no copy."""
    return np.asarray(column.array.codes)


def used(column: pd.Series) -> BoolArray:
    """[k] bool, which categories of a column are in a row."""
    codes, size = codes_of(column), len(column.cat.categories)
    # The last entry stands for null, whose code is -1.
    is_used = np.zeros(size + 1, dtype=bool)
    for chunk in slices(len(codes)):
        is_used[codes[chunk]] = True
    return is_used[:size]


def distinct(column: pd.Series) -> pd.Series:
    """The distinct values of a column without null, by first row, of the type of its values."""
    if not is_coded(column):
        return pd.Series(column.dropna().unique())
    codes, categories = codes_of(column), column.cat.categories
    first = np.full(len(categories) + 1, len(codes))
    # From the last row to the first, whose position stays.
    for chunk in reversed(list(slices(len(codes)))):
        first[codes[chunk][::-1]] = np.arange(chunk.stop - 1, chunk.start - 1, -1)
    by_row = np.argsort(first[:-1], kind="stable")
    return pd.Series(categories[by_row[: np.count_nonzero(first[:-1] < len(codes))]])


def folded(column: pd.Series) -> pd.Series:
    """A column of texts or whole numbers as categories; one with usual categories as it is.

    Args:
        column: [n] of `str`, `int64` or `Int64`, or objects of type str.
    """
    if has_usual_categories(column):
        return column
    if column.dtype == np.int64 and len(column):
        low, high = int(column.min()), int(column.max())
        if high - low < _DENSE * len(column):
            return _numbered(column, low, high)
    codes, values = pd.factorize(column)
    kind = "int64" if is_integer_dtype(column.dtype) else "str"
    return _of_codes(codes, pd.Index(values, dtype=kind), column)


def plain(column: pd.Series) -> pd.Series:
    """The values of a column of categories in each row, whole numbers with gaps as `Int64`."""
    if not is_coded(column):
        return column
    kind = column.cat.categories.dtype
    if is_integer_dtype(kind) and (codes_of(column) < 0).any():
        kind = pd.Int64Dtype()
    return column.astype(kind)


def plain_table(table: pd.DataFrame) -> pd.DataFrame:
    """A table with `plain` columns; the table itself where all are."""
    if not any(isinstance(kind, pd.CategoricalDtype) for kind in table.dtypes):
        return table
    return pd.DataFrame({label: plain(table[label]) for label in table.columns})


def is_foldable(column: pd.Series) -> bool:
    """Whether all values of a column are texts, so that equal ones are the same."""
    if isinstance(column.dtype, pd.StringDtype):
        return True
    return column.dtype == object and infer_dtype(column, skipna=True) == "string"


def recoded(column: pd.Series, of: BoolArray, values: pd.Series) -> pd.Series:
    """A column of categories with other values for some of them; equal ones become one category.

    Args:
        column: [n] of k categories.
        of: [k] bool, the categories that get a value, which must be all that are in a row.
        values: of these, texts or whole numbers; null empties the rows of its category.
    """
    numbers, distinct_values = pd.factorize(values)
    kind = "int64" if is_integer_dtype(values.dtype) else "str"
    categories = pd.Index(distinct_values, dtype=kind)
    table = np.full(len(of) + 1, -1, code_type(len(categories)))
    table[:-1][of] = numbers
    return _of_codes(gathered(table, codes_of(column)), categories, column)


def mapped(column: pd.Series, change: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """A column with other values, of which each distinct one is worked out once.

    It stays one of categories, or stays plain; where no value changes, it is the column itself.

    Args:
        column: [n] as for `folded`.
        change: distinct values, without null -> what they become, texts or whole numbers or null.
    """
    coded = folded(column)
    is_used = used(coded)
    values = pd.Series(coded.cat.categories[is_used])
    changed = change(values)
    if changed.equals(values):
        return column
    result = recoded(coded, is_used, changed)
    return result if is_coded(column) else plain(result)


def of_same_categories(coded: pd.Series, others: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Two columns with the same categories, so that they stay categories when they are joined.

    Args:
        coded: [n] of categories; where its values are numbers and those of the others are texts,
            they become texts.
        others: [m] texts or whole numbers.
    """
    added = distinct(others)
    if len(added) and is_integer_dtype(coded.cat.categories.dtype) != is_integer_dtype(added.dtype):
        texts = pd.Series(coded.cat.categories).astype(object).map(str)
        coded = recoded(coded, np.ones(len(texts), dtype=bool), texts)
        others = others.astype(object).map(str, na_action="ignore")
        added = distinct(others)
    both = coded.cat.add_categories(added[~added.isin(coded.cat.categories)])
    return both, others.astype(both.dtype)


def gathered(table: NDArray[Any], codes: IntArray) -> NDArray[Any]:
    """[n] entries of a table [k + 1] at codes [n]; the last entry is that of -1."""
    result = np.empty(len(codes), table.dtype)
    for chunk in slices(len(codes)):
        result[chunk] = table.take(codes[chunk])
    return result


def _numbered(column: pd.Series, low: int, high: int) -> pd.Series:
    numbers = column.to_numpy()
    is_there = np.zeros(high - low + 1, dtype=bool)
    for chunk in slices(len(numbers)):
        is_there[numbers[chunk] - low] = True
    present = np.flatnonzero(is_there)
    table = np.empty(len(is_there), code_type(len(present)))
    table[present] = np.arange(len(present))
    codes = np.empty(len(numbers), code_type(len(present)))
    for chunk in slices(len(numbers)):
        codes[chunk] = table[numbers[chunk] - low]
    return _of_codes(codes, pd.Index(present + low), column)


def code_type(count: int) -> np.dtype[np.signedinteger[Any]]:
    """The type that pandas keeps codes of so many categories in."""
    for kind in (np.int8, np.int16, np.int32):
        if count < np.iinfo(kind).max:
            return np.dtype(kind)
    return np.dtype(np.int64)


def _of_codes(codes: IntArray, categories: pd.Index, like: pd.Series) -> pd.Series:
    small = codes.astype(code_type(len(categories)), copy=False)
    values = pd.Categorical.from_codes(small, categories, validate=False)
    return pd.Series(values, index=like.index, name=like.name, copy=False)
