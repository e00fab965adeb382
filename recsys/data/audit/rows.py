"""`Rows`: the checked interactions, read in the order of the table and independently of models."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """The interactions as arrays, one entry per row of the table.

    Attributes:
        customers, products: [N] row numbers of ids; -1 for an event without product.
        touchpoints: [N] row numbers; -1 where unknown.
        actions: [N] positions in `columns.ACTIONS`.
        moments: [N] int64 in units of the clock, `NEVER` where unknown; None without a clock.
        values: [N] float32, as models get them; None without the column.
        of_test: [N] rows of a published test part; None without a published split.
    """

    customers: IntArray
    products: IntArray
    touchpoints: IntArray
    actions: IntArray
    moments: IntArray | None
    values: FloatArray | None
    of_test: BoolArray | None

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, keep: BoolArray) -> "Rows":
        """The rows that the mask [N] keeps."""
        return Rows(
            customers=self.customers[keep],
            products=self.products[keep],
            touchpoints=self.touchpoints[keep],
            actions=self.actions[keep],
            moments=None if self.moments is None else self.moments[keep],
            values=None if self.values is None else self.values[keep],
            of_test=None if self.of_test is None else self.of_test[keep],
        )

    def pairs(self, products: int) -> IntArray:
        """[N] int64 numbers of the pair of customer and product; `products` is how many exist."""
        return self.customers.astype(np.int64) * (products + 1) + self.products + 1

    def edges(self, products: int) -> IntArray:
        """[N] int64 numbers of customer, product and action; `products` is how many exist."""
        return self.pairs(products) * len(columns.ACTIONS) + self.actions

    def acts(self, actions: tuple[str, ...]) -> BoolArray:
        """[N] bool, events with a product and an action among `actions`."""
        codes = [columns.ACTIONS.index(action) for action in actions]
        return np.isin(self.actions, codes) & (self.products >= 0)


def rows_of_table(table: pd.DataFrame, data: Dataset) -> Rows:
    """The rows of a checked interactions table, with the row numbers of ids in `data`."""
    count = len(table)
    products: IntArray = np.full(count, -1, np.int32)
    if columns.PRODUCT in table:
        products = data.products.rows(table[columns.PRODUCT])
    touchpoints: IntArray = np.full(count, -1, np.int32)
    if columns.TOUCHPOINT in table:
        touchpoints = data.touchpoints.rows(table[columns.TOUCHPOINT])
    actions: IntArray = np.full(count, columns.ACTIONS.index(columns.DEFAULT_ACTION), np.int8)
    if columns.ACTION in table:
        codes = pd.Index(columns.ACTIONS).get_indexer(pd.Index(table[columns.ACTION]))
        actions = codes.astype(np.int8)
    return Rows(
        customers=data.customers.rows(table[columns.CUSTOMER]),
        products=products,
        touchpoints=touchpoints,
        actions=actions,
        moments=_moments(table),
        values=table[columns.VALUE].to_numpy(np.float32) if columns.VALUE in table else None,
        of_test=(
            table[columns.PART].eq(columns.TEST_PART).to_numpy(bool)
            if columns.PART in table
            else None
        ),
    )


def rows_of_past(data: Dataset) -> Rows:
    """The events that a model is given."""
    events = data.interactions
    return Rows(
        customers=events.customers,
        products=events.products,
        touchpoints=events.touchpoints,
        actions=events.actions,
        moments=events.when,
        values=events.values,
        of_test=events.given_test,
    )


def more_often(given: IntArray, allowed: IntArray) -> IntArray:
    """Keys that occur in `given` [n] more often than in `allowed` [m]; distinct and sorted."""
    keys, counts = np.unique(given, return_counts=True)
    allowed_keys, allowed_counts = np.unique(allowed, return_counts=True)
    limits = np.zeros(len(keys), np.int64)
    _, in_keys, in_allowed = np.intersect1d(
        keys, allowed_keys, assume_unique=True, return_indices=True
    )
    limits[in_keys] = allowed_counts[in_allowed]
    return keys[counts > limits]


def among(keys: IntArray, others: IntArray) -> BoolArray:
    """[n] bool, which of the keys [n] are in `others`, by hash: `numpy.isin` is slower."""
    return pd.Index(keys).isin(others)


def _moments(table: pd.DataFrame) -> IntArray | None:
    if columns.ORDER in table:
        return table[columns.ORDER].to_numpy(np.int64)
    if columns.TIMESTAMP not in table:
        return None
    naive = table[columns.TIMESTAMP].dt.tz_localize(None)
    since = naive.dt.floor("us").dt.as_unit("us").astype("int64")
    return np.asarray(since.mask(naive.isna(), NEVER).to_numpy(np.int64))
