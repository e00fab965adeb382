"""Segments: popularity within cells of recency, frequency and value, as most firms do today.

Customers are cut into quantiles by recency of the last event, number of events and money spent
(Hughes, Strategic Database Marketing, 1994). Each cell has one ranking. Contacts that the firm
started, and offers that were ignored, are not activity of the customer and are left out. A firm
with segments of its own names their column: then these are the cells.
"""

from collections.abc import Mapping
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.audit import CustomerMeasures, Derived, ProductCounts
from recsys.data.columns import ACTIONS
from recsys.data.dataset import Dataset
from recsys.graph.action_weights import weight_table
from recsys.models.base import Embeddings, FoldIn, Validate, require_range
from recsys.models.popularity import popularity
from recsys.models.recommends import Recommends
from recsys.models.segment_column import column_cells


class Segment(Recommends):
    """Ranks products by their target events among the customers of the same cell.

    Args:
        quantiles: number of quantiles of each of recency, frequency and value; a measure that the
            data do not have (no clock, no value) is left out.
        prior: weight, in events, of the overall popularity in each cell, for small cells.
        column: column of the customers table whose values, as of the cut-off, are the cells, in
            place of the quantiles. Customers without a value have the overall ranking, as unknown
            customers have. None cuts by the quantiles.

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(
        self, *, quantiles: int = 5, prior: float = 20.0, column: str | None = None
    ) -> None:
        require_range("quantiles", quantiles, 2, 100)
        require_range("prior", prior, 0, open_low=True)
        self.quantiles = quantiles
        self.prior = prior
        self.column = column

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Cuts the customers of `data` into cells; `validate` is not used.

        Raises:
            InputError: the customers have no such column, or too many different values in it.
        """
        # One more cell without events has the overall ranking.
        cells = self._cut(data) + 1
        is_counted = data.is_target & (self.cell_of[data.interactions.customers] < cells - 1)
        events = data.interactions.select(is_counted)
        shape = (cells, len(data.products))
        pairs = (self.cell_of[events.customers], events.products)
        counts = csr_array((np.ones(len(events), np.float32), pairs), shape=shape).toarray()
        share = popularity(data, None)
        self._counted = ProductCounts(counts=share, actions=data.targets)
        # Without any target event all products are equally popular.
        share = share / share.sum() if share.any() else np.full_like(share, 1 / len(share))
        smoothed = counts + self.prior * share
        self.shares = (smoothed / smoothed.sum(axis=1, keepdims=True)).astype(np.float32)
        return self.remember(data)

    def _cut(self, data: Dataset) -> int:
        """Gives each customer a cell, and returns the number of cells."""
        self._measured: CustomerMeasures | None = None
        if self.column is not None:
            cell_of, self._values = column_cells(data, self.column)
            self.cell_of = np.where(cell_of < 0, self._values, cell_of)
            return self._values
        self._measured = measures(data)
        self.cell_of = segments(self._measured, self.quantiles)
        return int(self.cell_of.max()) + 1

    @property
    def columns_used(self) -> Mapping[str, Mapping[str, str]]:
        """The firm's own column with its number of values; nothing without one."""
        if self.column is None:
            return {}
        return {"customers": {self.column: f"{self._values} values"}}

    @property
    def derived(self) -> Derived:
        """The counts and cells of the last fit, which the audit compares with its own."""
        return Derived(popularity=self._counted, segments=self._measured)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q]; the touchpoint makes no difference."""
        scores: FloatArray = self.shares[self.cell_of[customers]]
        return scores

    def embeddings(self) -> Embeddings:
        """Vectors with one column per cell: a customer's cell, and a product's share there."""
        cells = np.eye(len(self.shares), dtype=np.float32)
        return Embeddings(
            customers=cells[self.cell_of],
            products=np.ascontiguousarray(self.shares.T),
            default_customer=cells[-1],
        )

    def fold_in(self) -> FoldIn | None:
        """None, because events move a customer between cells, which is not a sum of vectors."""
        return None


def measures(data: Dataset) -> CustomerMeasures:
    """Frequency, recency and value of each customer's events, as far as the data have them.

    Args:
        data: the events; those that the customer took no part in are left out.
    """
    passive = _passive(data)
    active = ~passive[data.interactions.actions, data.interactions.touchpoints]
    events, size = data.interactions.select(active), len(data.customers)
    last = spent = None
    if events.when is not None:
        last = np.full(size, np.iinfo(np.int64).min)
        np.maximum.at(last, events.customers, events.when)
    if events.values is not None:
        amounts = np.nan_to_num(events.values)
        spent = np.bincount(events.customers, amounts, size).astype(np.float64)
    counts = np.bincount(events.customers, minlength=size)
    return CustomerMeasures(events=counts, last=last, value=spent, left_out=passive)


def _passive(data: Dataset) -> BoolArray:
    """[A, T + 1] whether the customer took no part in such an event; a rejection is a part."""
    passive: BoolArray = weight_table(data, None) == 0
    passive[ACTIONS.index("reject")] = False
    return passive


def segments(measured: CustomerMeasures, quantiles: int) -> IntArray:
    """Cell [C] int64 of each customer, numbered without gaps.

    Args:
        measured: of the customers; all without events share one cell.
        quantiles: number of quantiles of each measure.
    """
    active = measured.events > 0
    cell = np.zeros(len(active), np.int64)
    for measure in (measured.events, measured.last, measured.value):
        if measure is None:
            continue
        cuts = np.quantile(measure[active], np.arange(1, quantiles) / quantiles)
        cell = cell * quantiles + np.searchsorted(cuts, measure, side="right")
    cell[~active] = -1
    return np.unique(cell, return_inverse=True)[1]
