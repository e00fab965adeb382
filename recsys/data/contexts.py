"""The columns `context_*` of interactions: the circumstances of an event, and their values."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from recsys.data import columns
from recsys.data.categories import distinct

MOST_VALUES = 64
"""A column with more distinct values (a measured temperature, an id) is left out: bin it first."""


class Contexts(NamedTuple):
    """The context columns of a table; column names come without their prefix.

    Attributes:
        values: column -> its distinct values as texts, in alphabetical order.
        left_out: column -> why it was left out.
    """

    values: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]


def context_values(table: pd.DataFrame) -> Contexts:
    """The values of the columns `context_*` of a checked interactions table."""
    values: dict[str, tuple[str, ...]] = {}
    left_out: dict[str, str] = {}
    for column in table.columns:
        if not str(column).startswith(columns.CONTEXT_PREFIX):
            continue
        name = str(column).removeprefix(columns.CONTEXT_PREFIX)
        present = sorted(distinct(table[column]).astype("str"))
        if len(present) <= 1:
            left_out[name] = "left out: " + ("only one value" if present else "no row has a value")
        elif len(present) > MOST_VALUES:
            left_out[name] = (
                f"left out: {len(present):,} values, more than {MOST_VALUES}; bin it first"
            )
        else:
            values[name] = tuple(present)
    return Contexts(values, left_out)
