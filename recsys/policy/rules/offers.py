"""The O offers that a policy decides on, as arrays: those of the table, or else each product."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import seconds
from recsys.data.offer_rows import offer_rows
from recsys.ops.csr import entry_rows
from recsys.policy.compiled.times import OPEN_END, OPEN_START


@dataclass(frozen=True, kw_only=True, eq=False)
class Offers:
    """O offers of M products in all, in the order of `recsys.data.offer_rows`, or of the products.

    Attributes:
        about: [O] rows of the table of offers; None where each product is its own offer.
        products_table: [P] rows of the table of products, empty cells where it lacks one; None
            without the table.
        ids: [O] of the offers.
        starts: [O + 1] where the products of each offer begin in `products`.
        products: [M] rows.
        touchpoints: [O] int32, -1 for any.
        valid_from, valid_to: [O] int64 UTC seconds: when the offer, and one of its products, is
            valid.
        campaigns: [O] int32, -1 for none.
        campaign_names: of the campaigns.
    """

    about: pd.DataFrame | None
    products_table: pd.DataFrame | None
    ids: pd.Series
    starts: IntArray
    products: IntArray
    touchpoints: IntArray
    valid_from: IntArray
    valid_to: IntArray
    campaigns: IntArray
    campaign_names: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def owners(self) -> IntArray:
        """[M] offer of each entry of `products`."""
        return entry_rows(self.starts)


def offers_of(data: Dataset) -> Offers:
    """The offers of a data set with their dates, touchpoints and campaigns.

    Campaigns are named by the table of offers and by that of decisions. A product that is not in
    the table of products is always valid.
    """
    rows, catalogue = offer_rows(data), _catalogue(data)
    about = None if rows is None else rows.about
    count = len(data.products) if rows is None else len(rows.about)
    starts = np.arange(count + 1) if rows is None else rows.starts
    products = np.arange(count) if rows is None else rows.products
    opens = _dates(catalogue, columns.VALID_FROM, OPEN_START, len(data.products))
    closes = _dates(catalogue, columns.VALID_TO, OPEN_END, len(data.products))
    names, campaigns = _campaigns(data, about, count)
    touchpoints: IntArray = np.full(count, -1, np.int32)
    if about is not None and columns.TOUCHPOINT in about:
        touchpoints = data.touchpoints.rows(about[columns.TOUCHPOINT])
    return Offers(
        about=about,
        products_table=catalogue,
        ids=pd.Series(data.products.ids) if about is None else about[columns.OFFER],
        starts=starts,
        products=products,
        touchpoints=touchpoints,
        valid_from=np.maximum(
            np.minimum.reduceat(opens[products], starts[:-1]),
            _dates(about, columns.VALID_FROM, OPEN_START, count),
        ),
        valid_to=np.minimum(
            np.maximum.reduceat(closes[products], starts[:-1]),
            _dates(about, columns.VALID_TO, OPEN_END, count),
        ),
        campaigns=campaigns,
        campaign_names=names,
    )


def codes_of(values: pd.Series, names: list[str]) -> IntArray:
    """[n] int32 position of each value among names, -1 where it is empty or not among them."""
    return (
        pd.Index(names, dtype=object).get_indexer(pd.Index(values.astype(object))).astype(np.int32)
    )


def _catalogue(data: Dataset) -> pd.DataFrame | None:
    table = data.side_tables.get("products")
    if table is None:
        return None
    rows = data.products.rows(table[columns.PRODUCT])
    return filled_up(table.set_axis(rows), len(data.products))


def filled_up(table: pd.DataFrame, count: int) -> pd.DataFrame:
    """Rows 0 to `count` of a table whose index holds row numbers; empty cells where it has none.

    Flags and whole numbers keep their types, with gaps.
    """
    gaps = {
        label: "boolean" if kind == bool else "Int64"  # noqa: E721
        for label, kind in table.dtypes.items()
        if kind == bool or kind == np.int64  # noqa: E721
    }
    return table.astype(gaps).reindex(range(count))


def _dates(table: pd.DataFrame | None, column: str, open_end: int, count: int) -> IntArray:
    if table is None or column not in table:
        return np.full(count, open_end)
    return np.where(table[column].notna(), seconds(table[column]), open_end)


def _campaigns(data: Dataset, about: pd.DataFrame | None, count: int) -> tuple[list[str], IntArray]:
    tables = [about, data.side_tables.get("decisions")]
    labels = [table[columns.CAMPAIGN] for table in tables
              if table is not None and columns.CAMPAIGN in table]  # fmt: skip
    names = sorted({str(name) for label in labels for name in label.dropna().unique()})
    if about is None or columns.CAMPAIGN not in about:
        return names, np.full(count, -1, np.int32)
    return names, codes_of(about[columns.CAMPAIGN], names)
