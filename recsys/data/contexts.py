"""Codes the columns `context_*` of interactions: the circumstances of an event."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns

MOST_VALUES = 64
"""A column with more distinct values (a measured temperature, an id) is left out: bin it first."""


class Contexts(NamedTuple):
    """The context columns of a table, coded; column names come without their prefix.

    Attributes:
        codes: int16 [E, n] positions of each event's values in `values`, -1 where unknown; None
            without context columns.
        values: column -> its distinct values as texts, in alphabetical order.
        left_out: column -> why it was left out.
    """

    codes: IntArray | None
    values: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]


def code_contexts(table: pd.DataFrame) -> Contexts:
    """Codes the columns `context_*` of a checked interactions table [E rows]."""
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
            left_out[name] = "left out: " + ("only one value" if count else "no row has a value")
        elif count > MOST_VALUES:
            left_out[name] = f"left out: {count:,} values, more than {MOST_VALUES}; bin it first"
        else:
            values[name] = tuple(coded.categories)
            codes.append(coded.codes.astype(np.int16))
    return Contexts(np.stack(codes, axis=1) if codes else None, values, left_out)
