"""The circumstances of an event, columns `context_*` of interactions, as codes."""

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns

MOST_VALUES = 64
"""A column with more values than this (a measured temperature, an id) is left out: cut it first."""


def code_contexts(table: pd.DataFrame) -> tuple[IntArray | None, dict[str, tuple[str, ...]]]:
    """Codes of the context columns of an interactions table.

    Returns:
        int16 [E, n] positions of each event's values, -1 where unknown, or None without columns;
        and column (without its prefix) -> its values as text, in alphabetical order.
    """
    codes: list[IntArray] = []
    values: dict[str, tuple[str, ...]] = {}
    for column in table.columns:
        if not str(column).startswith(columns.CONTEXT_PREFIX):
            continue
        as_text = table[column].astype("str").where(table[column].notna())
        found = pd.Categorical(as_text)
        if 1 < len(found.categories) <= MOST_VALUES:
            values[str(column).removeprefix(columns.CONTEXT_PREFIX)] = tuple(found.categories)
            codes.append(found.codes.astype(np.int16))
    return (np.stack(codes, axis=1) if codes else None), values
