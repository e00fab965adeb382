"""Reads a column as its table wants it: which reader, and what a cell may be."""

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype

from recsys.data import columns
from recsys.data.categories import (
    codes_of,
    folded,
    gathered,
    has_usual_categories,
    is_foldable,
    mapped,
    plain,
    used,
)
from recsys.data.cells import CellError, read_flags, read_numbers, read_whole_numbers
from recsys.data.codes import read_ids, read_texts, refuse_nested
from recsys.data.feature_columns import read_feature
from recsys.data.kinds import WORDS, kind_of
from recsys.data.moments import read_moments
from recsys.data.plausible import refuse_unknown_zones

_READERS = {
    "id": read_ids, "code": read_ids, "text": read_texts, "moment": read_moments,
    "flag": read_flags, "number": read_numbers, "feature": read_feature,
}  # fmt: skip
CLOSED_LISTS = (columns.ACTION, columns.PART, columns.OUTCOME)
"""Columns of texts whose possible values the schema lists."""


def read_events_column(label: Any, column: pd.Series) -> pd.Series:
    """A column of interactions, as `read_column`; ids, codes and texts become categories.

    Each distinct value is read once, and rows are looked for only where one is refused. Whole
    numbers of sessions stay as they are: hardly two events share one, and they join nothing.

    Args:
        label: name of the column.
        column: [n] as it was loaded, with an index from 0.

    Raises:
        CellError: the first cell that cannot be read.
    """
    if kind_of("interactions", str(label)) not in WORDS:
        return read_column("interactions", label, plain(column))
    if has_usual_categories(column):
        return _read_categories(label, column)
    column = plain(column)
    if is_foldable(column):
        return _read_categories(label, folded(column))
    column = read_column("interactions", label, column)
    # Not all cells of a closed list are texts: the schema refuses one of them.
    stays = label in CLOSED_LISTS or (label == columns.SESSION and is_integer_dtype(column.dtype))
    return column if stays else folded(column)


def _read_categories(label: Any, column: pd.Series) -> pd.Series:
    try:
        return mapped(column, lambda values: read_column("interactions", label, values))
    except CellError as error:
        is_used = used(column)
        bad = np.zeros(len(is_used) + 1, dtype=bool)
        bad[:-1][is_used] = error.bad
        of_rows = pd.Series(gathered(bad, codes_of(column)))
        raise CellError.of(column, of_rows, error.expected, error.remedy) from None


def read_column(table: str, label: Any, column: pd.Series) -> pd.Series:
    """A column with the type that the library relies on, see `recsys.data.check.check_tables`.

    Args:
        table: name of its table.
        label: name of the column.
        column: [n] as it was loaded, with an index from 0.

    Raises:
        CellError: the first cell that cannot be read.
    """
    kind = kind_of(table, str(label))
    if kind != "id":  # `read_ids` has its own words for nested cells
        refuse_nested(column)
    if label == columns.ORDER:
        return read_whole_numbers(column)
    # Left to the schema: it refuses an action written as a number with the list of all actions.
    if kind == "text" and label in CLOSED_LISTS:
        return column
    column = _READERS[kind](column)
    if label == columns.TIME_ZONE:
        refuse_unknown_zones(column)
    return column
