"""The table of offers as an artifact keeps it."""

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import seconds
from recsys.serving.artifact.offer_table import OfferTable
from recsys.serving.artifact.times import OPEN_END, OPEN_START

_ABOUT = (columns.TOUCHPOINT, columns.VARIANT, columns.VALID_FROM, columns.VALID_TO)


def offer_table(data: Dataset) -> OfferTable | None:
    """One line an offer, touchpoint, variant and window, with its products; None without offers."""
    table = data.side_tables.get("offers")
    if table is None or table.empty:
        return None
    keys = [columns.OFFER, *(name for name in _ABOUT if name in table)]
    line = table.groupby(keys, dropna=False, sort=False).ngroup().to_numpy()
    pairs = np.unique(np.column_stack([line, data.products.rows(table[columns.PRODUCT])]), axis=0)
    first = table.iloc[np.unique(line, return_index=True)[1]]
    where = np.full(len(first), -1)
    if columns.TOUCHPOINT in first:
        tied = first[columns.TOUCHPOINT].notna().to_numpy()
        where[tied] = data.touchpoints.rows(first.loc[tied, columns.TOUCHPOINT])
    return OfferTable(
        ids=first[columns.OFFER].to_numpy(),
        starts=np.searchsorted(pairs[:, 0], np.arange(len(first) + 1)),
        products=pairs[:, 1],
        touchpoints=where,
        variants=_variants(first),
        valid_from=_always(moments(first, columns.VALID_FROM, OPEN_START), first, OPEN_START),
        valid_to=_always(moments(first, columns.VALID_TO, OPEN_END), first, OPEN_END),
    )


def moments(about: pd.DataFrame, column: str, open_end: int) -> IntArray | None:
    """[n] UTC seconds of a column, `open_end` where empty; None without the column."""
    if column not in about:
        return None
    found: IntArray = np.where(about[column].notna(), seconds(about[column]), open_end)
    return found


def _always(found: IntArray | None, about: pd.DataFrame, open_end: int) -> IntArray:
    return np.full(len(about), open_end) if found is None else found


def _variants(about: pd.DataFrame) -> list[str | None] | None:
    if columns.VARIANT not in about:
        return None
    return [None if pd.isna(one) else str(one) for one in about[columns.VARIANT]]
