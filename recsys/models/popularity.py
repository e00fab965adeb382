"""Popularity: one ranking for all customers, from the events of a recent window."""

from typing import Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.audit import Derived, ProductCounts
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.models.base import Embeddings, FoldIn, Validate, require_range
from recsys.models.recommends import Recommends


class Popularity(Recommends):
    """Ranks products by the number of target events in the last `window` days.

    Products with equal counts in the window are ordered by their count over all time.

    Args:
        window: days before the cut-off (positions of an order); None counts all events.

    Raises:
        InputError: the window is not above 0.
    """

    def __init__(self, *, window: float | None = None) -> None:
        if window is not None:
            require_range("window", window, 0, open_low=True)
        self.window = window

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Counts the target events of `data`; `validate` is not used."""
        self.counts = popularity(data, self.window)
        self.customer_count = len(data.customers)
        self._counted = ProductCounts(
            # Without the fraction that orders products with equal counts.
            counts=np.floor(self.counts),
            actions=data.targets,
            since=_since(data, self.window),
        )
        return self.remember(data)

    @property
    def derived(self) -> Derived:
        """The counts of the last fit, which the audit compares with its own."""
        return Derived(popularity=self._counted)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32, the same for every customer and touchpoint."""
        return np.tile(self.counts, (len(customers), 1))

    def embeddings(self) -> Embeddings:
        """Vectors of one column: 1 for a customer, the count for a product."""
        ones = np.ones((self.customer_count, 1), np.float32)
        return Embeddings(
            customers=ones,
            products=self.counts[:, None],
            default_customer=np.ones(1, np.float32),
        )

    def fold_in(self) -> FoldIn | None:
        """None, because a customer's events change nothing."""
        return None


def popularity(data: Dataset, window: float | None) -> FloatArray:
    """Number [P] float32 of target events of each product in a window.

    A fraction below 1 is added, which grows with the count over all time and orders equal counts.

    Args:
        data: the events.
        window: days before the cut-off (positions of an order); None counts all events, without
            the fraction.
    """
    events = data.interactions
    products = len(data.products)
    all_time = np.bincount(events.products[data.is_target], minlength=products)
    since = _since(data, window)
    if since is None or events.when is None:
        return all_time.astype(np.float32)
    recent = data.is_target & (events.when >= since)
    counts = np.bincount(events.products[recent], minlength=products)
    ranked: FloatArray = (counts + all_time / (all_time.max() + 1)).astype(np.float32)
    return ranked


def _since(data: Dataset, window: float | None) -> float | None:
    """The first moment of the window; None if all events count."""
    if window is None or data.as_of is None:
        return None
    return data.as_of - window * (DAY if data.clock == "timestamp" else 1)


def fallback(data: Dataset) -> FloatArray:
    """Popularity [P] float32 scaled to at most 1e-6, to order products with equal scores."""
    counts = popularity(data, None)
    scaled: FloatArray = (1e-6 * counts / max(counts.max(), 1.0)).astype(np.float32)
    return scaled
