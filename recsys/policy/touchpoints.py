"""What the table of touchpoints says of the touchpoints of a data set."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.dataset import Dataset


def outbound_names(data: Dataset) -> set[str]:
    """Names of those where the firm makes contact; none where the table does not say."""
    table = data.side_tables.get("touchpoints")
    if table is None or columns.OUTBOUND not in table:
        return set()
    return set(table.loc[table[columns.OUTBOUND], columns.TOUCHPOINT].astype(str))


def touchpoint_numbers(data: Dataset, column: str, otherwise: float) -> FloatArray:
    """[T] float64 of a column of numbers, by row of the touchpoints.

    Args:
        data: of which.
        column: its name.
        otherwise: where the number is not stated.
    """
    names = [str(name) for name in data.touchpoints.ids]
    table = data.side_tables.get("touchpoints")
    if table is None or column not in table:
        return np.full(len(names), otherwise)
    stated = table.set_index(table[columns.TOUCHPOINT].astype(str))[column]
    return stated.reindex(names).fillna(otherwise).to_numpy(np.float64)
