"""Segments: popularity within recency-frequency-value cells, which is what most firms do today.

Customers are cut into quantiles by recency of the last event, number of events and money spent
(Hughes, Strategic Database Marketing, 1994); each cell gets one ranking. Contacts that the firm
started, and offers that were ignored, are no activity of the customer and are left out.
"""

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


class Segment(Recommends):
    """Ranks products by their target events among the customers of the same cell.

    Args:
        quantiles: cuts each of recency, frequency and value into this many parts; a part that the
            data do not know (no clock, no value) is left out.
        prior: weight, in events, of everybody's popularity in each cell. Small cells need it.
    """

    def __init__(self, *, quantiles: int = 5, prior: float = 20.0) -> None:
        require_range("quantiles", quantiles, 2, 100)
        require_range("prior", prior, 0, open_low=True)
        self.quantiles = quantiles
        self.prior = prior

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """See `Recommender`."""
        self._measured = measures(data)
        self.cell_of = segments(self._measured, self.quantiles)
        # And one cell without customers, whose ranking is everybody's.
        cells = int(self.cell_of.max()) + 2
        events = data.interactions.select(data.is_target)
        shape = (cells, len(data.products))
        where = (self.cell_of[events.customers], events.products)
        counts = csr_array((np.ones(len(events), np.float32), where), shape=shape).toarray()
        share = popularity(data, None)
        self._counted = ProductCounts(counts=share, actions=data.targets)
        # Without a single target event all products are equally popular.
        share = share / share.sum() if share.any() else np.full_like(share, 1 / len(share))
        smoothed = counts + self.prior * share
        self.shares = (smoothed / smoothed.sum(axis=1, keepdims=True)).astype(np.float32)
        return self.remember(data)

    @property
    def derived(self) -> Derived:
        """See `Derives`."""
        return Derived(popularity=self._counted, segments=self._measured)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """See `Recommender`."""
        scores: FloatArray = self.shares[self.cell_of[customers]]
        return scores

    def embeddings(self) -> Embeddings:
        """One dimension a cell: which one a customer is in, how popular a product is there."""
        cells = np.eye(len(self.shares), dtype=np.float32)
        return Embeddings(
            customers=cells[self.cell_of],
            products=np.ascontiguousarray(self.shares.T),
            default_customer=cells[-1],
        )

    def fold_in(self) -> FoldIn | None:
        """None: events move a customer between cells, which is no sum of vectors."""
        return None


def measures(data: Dataset) -> CustomerMeasures:
    """Frequency, recency and value of what each customer did, as far as the data know them."""
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
    """[A, T + 1] events that the customer took no part in; who rejects does take part."""
    passive: BoolArray = weight_table(data, None) == 0
    passive[ACTIONS.index("reject")] = False
    return passive


def segments(measured: CustomerMeasures, quantiles: int) -> IntArray:
    """[C] int64 cell of each customer, numbered without gaps; all without events share one."""
    active = measured.events > 0
    cell = np.zeros(len(active), np.int64)
    for measure in (measured.events, measured.last, measured.value):
        if measure is None:
            continue
        cuts = np.quantile(measure[active], np.arange(1, quantiles) / quantiles)
        cell = cell * quantiles + np.searchsorted(cuts, measure, side="right")
    cell[~active] = -1
    return np.unique(cell, return_inverse=True)[1]
