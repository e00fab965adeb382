"""Cells with several values, as genres or vectors: a column for each value, or each position."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys.arrays import IntArray
from recsys.errors import InputError

MOST_FLAGS = 64
"""Columns with more distinct values, as the words of titles, stay texts."""

MOST_NUMBERS = 4_096
"""Numbers in a cell."""


def split_texts(column: pd.Series, separator: str) -> pa.ListArray:
    """Texts [n] as lists of their parts, without empty ones; null is an empty list."""
    parts = pc.split_pattern(pa.array(column.fillna("").astype("str"), pa.string()), separator)
    kept = pc.not_equal(parts.flatten(), "")
    rows = pc.list_parent_indices(parts).filter(kept)
    return _lists(rows.to_numpy(), parts.flatten().filter(kept), len(parts))


def flags(name: str, lists: pa.Array) -> pd.DataFrame | None:
    """Lists of texts [n] as a column of bool for each distinct text, in alphabetical order.

    Args:
        name: what the names of the columns begin with, before an underscore.
        lists: null is an empty list.

    Returns:
        None where there are more than `MOST_FLAGS` texts.
    """
    values = pc.cast(pc.list_flatten(lists), pa.string())
    present = sorted(pc.unique(values.drop_null()).to_pylist())
    if len(present) > MOST_FLAGS:
        return None
    holds = np.zeros((len(lists), len(present)), dtype=bool)
    columns = pc.index_in(values, pa.array(present, pa.string())).fill_null(-1).to_numpy()
    rows = pc.list_parent_indices(lists).to_numpy()
    holds[rows[columns >= 0], columns[columns >= 0]] = True
    return pd.DataFrame(holds, columns=[f"{name}_{value}" for value in present])


def numbers(name: str, lists: pa.Array, where: str) -> pd.DataFrame:
    """Lists of numbers [n] as a column of float64 for each position, NaN behind the last one.

    Args:
        name: what the names of the columns begin with, before an underscore.
        lists: null is an empty list.
        where: the file, for the error.

    Raises:
        InputError: a cell has more than `MOST_NUMBERS` numbers.
    """
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy()
    width = int(lengths.max(initial=0))
    if width > MOST_NUMBERS:
        raise InputError(
            f"{where}: row {int(lengths.argmax())}, column '{name}': expected at most "
            f"{MOST_NUMBERS:,} numbers in a cell, got {width:,}; drop the column"
        )
    table = np.full((len(lists), width), np.nan)
    values = pc.cast(pc.list_flatten(lists), pa.float64()).to_numpy(zero_copy_only=False)
    position = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    table[pc.list_parent_indices(lists).to_numpy(), position] = values
    return pd.DataFrame(table, columns=[f"{name}_{number}" for number in range(width)])


def spread(name: str, lists: pa.Array, where: str) -> pd.DataFrame:
    """Lists [n] as `numbers` or `flags`; texts with too many values as one text of all of them.

    Args:
        name: of the column.
        lists: of texts or numbers.
        where: the file, for the error.

    Raises:
        InputError: a cell has too many numbers.
    """
    if not is_text(lists.type.value_type):
        return numbers(name, lists, where)
    made = flags(name, lists)
    if made is None:
        texts = pa.array([" ".join(filter(None, cell or ())) for cell in lists.to_pylist()])
        # Categories are never taken for numbers or dates.
        made = pd.DataFrame({name: pd.Categorical(texts.to_pandas().replace("", None))})
    return made


def with_columns(frame: pd.DataFrame, made: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """A table with other columns [n] in the place of some."""
    kept = frame.drop(columns=[name for name, _ in made])
    return pd.concat([kept, *(columns.set_axis(kept.index) for _, columns in made)], axis=1)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of an Arrow type are texts."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _lists(rows: IntArray, values: pa.Array, count: int) -> pa.ListArray:
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=count), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), values)
