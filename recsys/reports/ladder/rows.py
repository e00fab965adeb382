"""Rows of the ladder's tables, as the words, tables and pictures of the page read them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import pandas as pd

Row: TypeAlias = Mapping[Any, Any]


def rows(table: pd.DataFrame, **equal: object) -> list[Row]:
    """The rows in which these columns have these values, in their order."""
    for column, value in equal.items():
        table = table[table[column] == value]
    return list(table.to_dict("records"))
