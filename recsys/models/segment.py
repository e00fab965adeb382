"""Segments: popularity within recency-frequency-value cells, which is what most firms do today.

Customers are cut into quantiles by recency of the last event, number of events and money spent
(Hughes, Strategic Database Marketing, 1994); each cell gets one ranking.
"""

from typing import Self

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.models.base import Embeddings, FoldIn, Validate, require_range
from recsys.models.popularity import popularity


class Segment:
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
        self.cell_of = segments(data, self.quantiles)
        cells = int(self.cell_of.max()) + 1
        events = data.interactions.select(data.is_target)
        shape = (cells, len(data.products))
        where = (self.cell_of[events.customers], events.products)
        counts = csr_array((np.ones(len(events), np.float32), where), shape=shape).toarray()
        share = popularity(data, None)
        # Without a single target event all products are equally popular.
        share = share / share.sum() if share.any() else np.full_like(share, 1 / len(share))
        smoothed = counts + self.prior * share
        self.shares = (smoothed / smoothed.sum(axis=1, keepdims=True)).astype(np.float32)
        return self

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """See `Recommender`."""
        scores: FloatArray = self.shares[self.cell_of[customers]]
        return scores

    def embeddings(self) -> Embeddings:
        """One dimension a cell: which one a customer is in, how popular a product is there."""
        members = np.eye(len(self.shares), dtype=np.float32)[self.cell_of]
        return Embeddings(customers=members, products=np.ascontiguousarray(self.shares.T))

    def fold_in(self) -> FoldIn | None:
        """None: events move a customer between cells, which is no sum of vectors."""
        return None


def segments(data: Dataset, quantiles: int) -> IntArray:
    """[C] int64 cell of each customer, numbered without gaps; all without events share one."""
    events = data.interactions
    lengths = data.history_lengths
    active = lengths > 0
    measures = [lengths]
    if events.when is not None:
        last = np.full(len(lengths), np.iinfo(np.int64).min)
        np.maximum.at(last, events.customers, events.when)
        measures.append(last)
    if events.values is not None:
        spent = np.bincount(events.customers, np.nan_to_num(events.values), len(lengths))
        measures.append(spent)
    cell = np.zeros(len(lengths), np.int64)
    for measure in measures:
        cuts = np.quantile(measure[active], np.arange(1, quantiles) / quantiles)
        cell = cell * quantiles + np.searchsorted(cuts, measure, side="right")
    cell[~active] = -1
    return np.unique(cell, return_inverse=True)[1]
