"""The table of offers by offer: which of its rows belong together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset


@dataclass(frozen=True, kw_only=True, eq=False)
class OfferRows:
    """O offers of M products in all.

    Attributes:
        about: [O] the first row of each offer.
        starts: [O + 1] where the products of each offer begin in `products`.
        products: [M] rows of products, ascending within an offer.
        row: [n] offer of each row of the table.
    """

    about: pd.DataFrame
    starts: IntArray
    products: IntArray
    row: IntArray


def offer_rows(data: Dataset) -> OfferRows | None:
    """Offers in the order of their first rows, told apart by `columns.OFFER_KEYS`.

    Returns None if the data set has no offers.
    """
    table = data.side_tables.get("offers")
    if table is None or table.empty:
        return None
    keys = [name for name in columns.OFFER_KEYS if name in table]
    row = table.groupby(keys, dropna=False, sort=False).ngroup().to_numpy()
    pairs = np.unique(np.column_stack([row, data.products.rows(table[columns.PRODUCT])]), axis=0)
    first = table.iloc[np.unique(row, return_index=True)[1]]
    return OfferRows(
        about=first.reset_index(drop=True),
        starts=np.searchsorted(pairs[:, 0], np.arange(len(first) + 1)),
        products=pairs[:, 1],
        row=row,
    )
