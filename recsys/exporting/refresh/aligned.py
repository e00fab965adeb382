"""New tables by the row numbers of an artifact, so that what an export computes fits its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IdArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.policy.rules.offers import filled_up
from recsys.serving.artifact import times
from recsys.serving.artifact.contents import Contents

_WORTH = (columns.PRICE, columns.MARGIN)


@dataclass(frozen=True, kw_only=True, eq=False)
class Aligned:
    """A data set whose row numbers are those of an artifact, with new rows after the known ones.

    Attributes:
        data: the data set.
        kept: [K] rows of the artifact's customers that stay, ascending: the first K rows.
        missing: number of the artifact's customers that the new tables do not have.
        withdrawn: [P] bool, products that the firm's catalogue no longer has.
    """

    data: Dataset
    kept: IntArray
    missing: int
    withdrawn: BoolArray


def aligned(contents: Contents, data: Dataset, takes_new: bool, drop_missing: bool) -> Aligned:
    """The new tables by the rows of an artifact.

    Customers that the new tables do not have keep their vectors, and have given no consent where
    consents are kept. A product that the artifact describes and the catalogue no longer has is
    valid until the end of the data. Rows about products or customers without a row are left out.

    Args:
        contents: of the artifact, with new products after the others.
        data: the new data set, see `checks.require_refreshable`.
        takes_new: whether new customers get rows.
        drop_missing: whether customers that the new tables do not have lose theirs.

    Raises:
        InputError: all customers, or all offers, would be gone.
    """
    known: IdArray = np.asarray(contents.customers.ids)
    is_present = data.customers.rows(known) >= 0
    kept = np.flatnonzero(is_present) if drop_missing else np.arange(len(known))
    if not len(kept):
        raise InputError("customers: expected at least one customer of the artifact, got none")
    is_new = Vocabulary("customer", known).rows(data.customers.ids) < 0
    new = data.customers.ids[is_new] if takes_new else data.customers.ids[:0]
    customers = Vocabulary("customer", np.concatenate([known[kept], new]))
    products = Vocabulary("product", np.asarray(contents.products.ids))
    names = np.array([str(name) for name in contents.touchpoints.names], dtype=object)
    touchpoints = Vocabulary("touchpoint", names)
    withdrawn = _withdrawn(contents, data, products)
    side = _known_rows(data.side_tables, customers, products)
    if withdrawn.any():
        side = {**side, "products": _with_ended(side, contents, data, withdrawn)}
    return Aligned(
        data=_recoded(data, customers, products, touchpoints, side),
        kept=kept,
        missing=int((~is_present).sum()),
        withdrawn=withdrawn,
    )


def _recoded(
    data: Dataset, customers: Vocabulary, products: Vocabulary, touchpoints: Vocabulary,
    side: Mapping[str, pd.DataFrame],
) -> Dataset:  # fmt: skip
    """The data set with other row numbers; events of customers without a row are left out."""
    events = data.interactions
    # The last position is that of -1: no product, no touchpoint.
    of_customer, of_product, of_touchpoint = (
        np.append(to.rows(of.ids), -1).astype(np.int32)
        for of, to in (
            (data.customers, customers),
            (data.products, products),
            (data.touchpoints, touchpoints),
        )
    )
    coded = replace(
        events,
        customers=of_customer[events.customers],
        products=of_product[events.products],
        touchpoints=of_touchpoint[events.touchpoints],
    )
    return replace(
        data,
        customers=customers,
        products=products,
        touchpoints=touchpoints,
        interactions=coded.select(coded.customers >= 0),
        side_tables=side,
        origin=None,
    )


def _known_rows(
    tables: Mapping[str, pd.DataFrame], customers: Vocabulary, products: Vocabulary
) -> dict[str, pd.DataFrame]:
    """The tables without rows about customers or products that have no row."""
    result = {}
    for name, table in tables.items():
        keep = np.ones(len(table), dtype=bool)
        for column, ids in ((columns.CUSTOMER, customers), (columns.PRODUCT, products)):
            if column in table:
                keep &= (ids.rows(table[column]) >= 0) | table[column].isna().to_numpy(bool)
        result[name] = table[keep]
        if name == "offers" and not keep.any():
            raise InputError("offers: expected offers of known products, got none")
    return result


def _withdrawn(contents: Contents, data: Dataset, products: Vocabulary) -> BoolArray:
    """[P] products that the artifact describes, or that no new table has, without a row now."""
    table, old = data.side_tables.get("products"), contents.products
    described = np.zeros(len(old), dtype=bool)
    for texts in (old.names, old.categories):
        if texts is not None:
            described |= np.array([bool(text) for text in texts])
    if old.valid_from is not None:
        described |= old.valid_from != OPEN_START
    if old.valid_to is not None:
        described |= old.valid_to != OPEN_END
    listed = np.zeros(len(old), dtype=bool)
    if table is not None:
        rows = products.rows(table[columns.PRODUCT])
        listed[rows[rows >= 0]] = True
    return np.asarray(~listed & (described | (data.products.rows(products.ids) < 0)))


def _with_ended(
    side: Mapping[str, pd.DataFrame], contents: Contents, data: Dataset, withdrawn: BoolArray
) -> pd.DataFrame:
    """The table of products with a row for each withdrawn one, which has ended."""
    old, rows = contents.products, np.flatnonzero(withdrawn)
    ids = Vocabulary("product", np.asarray(old.ids))
    table = side.get("products", pd.DataFrame({columns.PRODUCT: old.ids[:0]}))
    listed = ids.rows(table[columns.PRODUCT])
    table = filled_up(table.set_axis(listed), len(old))
    table[columns.PRODUCT] = ids.ids
    # Where events have an order and no time, dates are compared with dates that a query sets.
    end = data.as_of_seconds if data.as_of_seconds is not None else times.now()
    ends = np.full(len(rows), end)
    if old.valid_to is not None:
        ends = np.minimum(ends, old.valid_to[rows])
    cells: dict[str, Any] = {columns.VALID_TO: pd.to_datetime(ends, unit="s", utc=True)}
    for column, texts in ((columns.NAME, old.names), (columns.CATEGORY, old.categories)):
        if texts is not None:
            cells[column] = [texts[row] or None for row in rows.tolist()]
    # Nobody can accept it any more; a policy needs a number all the same.
    cells |= {column: np.zeros(len(rows)) for column in _WORTH if column in table}
    for column, values in cells.items():
        given = table[column] if column in table else pd.Series(index=table.index, dtype="object")
        ended = pd.Series(values, index=rows)
        table[column] = ended.reindex(table.index).where(withdrawn, given)
    return table.loc[np.union1d(listed, rows)].reset_index(drop=True)
