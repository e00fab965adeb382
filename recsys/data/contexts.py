"""The circumstances of an event, columns `context_*` of interactions, as codes."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns

MOST_VALUES = 64
"""A column with more values than this (a measured temperature, an id) is left out: cut it first."""


class Contexts(NamedTuple):
    """What `code_contexts` returns; columns without their prefix.

    Attributes:
        codes: int16 [E, n] positions of each event's values, -1 where unknown; None without any.
        values: column -> its values as text, in alphabetical order.
        left_out: column -> why it is not among them.
    """

    codes: IntArray | None
    values: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]


def code_contexts(table: pd.DataFrame) -> Contexts:
    """Codes of the context columns of an interactions table."""
    codes: list[IntArray] = []
    values: dict[str, tuple[str, ...]] = {}
    left_out: dict[str, str] = {}
    for column in table.columns:
        if not str(column).startswith(columns.CONTEXT_PREFIX):
            continue
        as_text = table[column].astype("str").where(table[column].notna())
        coded, name = pd.Categorical(as_text), str(column).removeprefix(columns.CONTEXT_PREFIX)
        count = len(coded.categories)
        if count <= 1:
            left_out[name] = "left out: no row has a value" if not count else "left out: one value"
        elif count > MOST_VALUES:
            left_out[name] = f"left out: {count:,} values, more than {MOST_VALUES}; cut it first"
        else:
            values[name] = tuple(coded.categories)
            codes.append(coded.codes.astype(np.int16))
    return Contexts(np.stack(codes, axis=1) if codes else None, values, left_out)
