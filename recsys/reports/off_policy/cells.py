"""Cells of decisions: a touchpoint, a position, a month, within which offers are comparable."""

from collections.abc import Sequence

import pandas as pd

from recsys.data import columns
from recsys.data.cells import listed
from recsys.errors import InputError

TIMES = {"month": "M", "week": "W", "day": "D"}
"""Name of a period -> how pandas calls it; a cell may be one besides a column."""

_COLUMNS = (
    columns.TOUCHPOINT, columns.POSITION, columns.VARIANT, columns.CAMPAIGN,
    columns.POLICY_VERSION, columns.RULES_VERSION,
)  # fmt: skip


def cell_names(table: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """[N] the cell of each row as text, such as `touchpoint=web, month=2025-01`."""
    texts = pd.Series("", index=table.index)
    for number, name in enumerate(by):
        texts = texts + (", " if number else "") + f"{name}=" + values_of(table, name)
    return texts


def values_of(table: pd.DataFrame, name: str) -> pd.Series:
    """[N] a column of the table, or the period of its times, as text."""
    if name in TIMES:
        moments = table[columns.TIMESTAMP].dt.tz_localize(None)
        return pd.Series(moments.dt.to_period(TIMES[name]).astype(str))
    return pd.Series(table[name].astype(str))


def require_part(table: pd.DataFrame, name: str) -> None:
    """Raises `InputError` unless the table has such a column, or it is a period."""
    known = [column for column in _COLUMNS if column in table]
    if name not in (*known, *TIMES):
        raise InputError(
            f"by: expected some of {', '.join([*known, *TIMES])}, got {name!r}; the table of "
            f"decisions has {listed(table.columns)}"
        )
