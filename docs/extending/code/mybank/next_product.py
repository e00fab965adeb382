"""What customers took after the product that somebody took last."""

from typing import Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.action_weights import event_action_weights
from recsys.models.base import Validate, require_range
from recsys.models.popularity import fallback
from recsys.models.recommends import Recommends


class NextProduct(Recommends):
    """Ranks products by how often they followed the customer's last one.

    Args:
        smoothing: added to the number of times that a product was followed by any.
    """

    def __init__(self, *, smoothing: float = 1.0) -> None:
        require_range("smoothing", smoothing, 0)
        self.smoothing = smoothing

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Counts pairs of products that follow each other in a customer's events."""
        events = data.interactions  # in order of time
        used = (events.products >= 0) & (event_action_weights(data, None) > 0)
        order = np.argsort(events.customers[used], kind="stable")
        customers, products = events.customers[used][order], events.products[used][order]
        same = customers[1:] == customers[:-1]
        counts = np.zeros((len(data.products), len(data.products)), np.float32)
        np.add.at(counts, (products[:-1][same], products[1:][same]), 1)
        totals = counts.sum(axis=1, keepdims=True) + self.smoothing
        self.following = counts / np.maximum(totals, 1e-9)
        self.last = np.full(len(data.customers), -1)
        self.last[customers] = products  # of several, the last assignment stays
        self.popular = fallback(data)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """[Q, P] float32; without events, popularity decides."""
        last = self.last[customers]
        return np.where(last[:, None] >= 0, self.following[last], 0) + self.popular
