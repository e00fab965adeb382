"""Cells of customers by a column of the firm's own: its segments."""

from difflib import get_close_matches

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.evaluation.dimensions import segment_labels

MOST_SEGMENTS = 1000
"""More values are names or measurements; each cell keeps a share of every product."""

_NO_SEGMENTS = (columns.CUSTOMER, columns.VALID_FROM)


def column_cells(data: Dataset, column: str) -> tuple[IntArray, int]:
    """The cell of each customer by the value of a column, as of the cut-off.

    Args:
        data: whose customers table is read.
        column: of that table.

    Returns:
        [C] int64 the cell of each customer, numbered by the sorted values; -1 where the cell of
        the table is empty or the customer has no row. And the number of cells.

    Raises:
        InputError: there is no such column (names the nearest), or it has too many values.
    """
    _require_column(data, column)
    codes, values = pd.factorize(segment_labels(data, column).astype("string"), sort=True)
    if len(values) > MOST_SEGMENTS:
        raise InputError(
            f"model.column: expected a column of at most {MOST_SEGMENTS:,} different values, got "
            f"'{column}' with {len(values):,}; group its values into segments"
        )
    return np.asarray(codes, np.int64), len(values)


def _require_column(data: Dataset, column: str) -> None:
    table = data.side_tables.get("customers")
    known = [] if table is None else [str(name) for name in table if name not in _NO_SEGMENTS]
    if column in known:
        return
    near = get_close_matches(column, known, n=1)
    if near:
        remedy = f"did you mean {near[0]}?"
    elif known:
        remedy = f"there is {', '.join(known)}"
    else:
        remedy = "add it to the table of customers, or leave model.column=null"
    raise InputError(
        f"model.column: expected a column of the customers of data={data.name}, got '{column}'; "
        f"{remedy}"
    )
