"""Reads a column as its table wants it: which reader, and what a cell may be."""

from typing import Any

import pandas as pd

from recsys.data import columns
from recsys.data.cells import read_flags, read_numbers, read_whole_numbers
from recsys.data.codes import read_ids, read_texts, refuse_nested
from recsys.data.feature_columns import read_feature
from recsys.data.kinds import kind_of
from recsys.data.moments import read_moments
from recsys.data.plausible import refuse_unknown_zones

_READERS = {
    "id": read_ids, "code": read_ids, "text": read_texts, "moment": read_moments,
    "flag": read_flags, "number": read_numbers, "feature": read_feature,
}  # fmt: skip
CLOSED_LISTS = (columns.ACTION, columns.PART, columns.OUTCOME)
"""Columns of texts whose possible values the schema lists."""


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
