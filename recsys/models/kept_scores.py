"""Scores of several models on the validation queries, kept while their weights are chosen.

Each model scores a batch of customers once. Of each customer's scores those products are kept that
are among the best of any model; the others are left out of the rankings that weights are judged by.
Below a few thousand products all are kept.
"""

from collections.abc import Mapping

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.models.base import Recommender

_BEST = 1_000
"""Products kept for each model and customer: lists are short, and seen products are among them."""


class KeptScores:
    """Scores of models for batches of customers, as often as they are asked for.

    Args:
        models: name -> fitted model.
        scales: name -> number that its scores are multiplied by.
        best: products kept of each model and customer.
    """

    def __init__(
        self,
        models: Mapping[str, Recommender],
        scales: Mapping[str, float],
        best: int = _BEST,
    ) -> None:
        self._models, self._scales, self._best = models, scales, best
        self._batches: dict[bytes, tuple[IntArray | None, list[FloatArray], int]] = {}

    def blended(self, weights: Mapping[str, float], customers: IntArray) -> FloatArray:
        """The weighted sum [Q, P] float32 of customers [Q]; -inf for what is not kept."""
        key = np.ascontiguousarray(customers).tobytes()
        if key not in self._batches:
            self._batches[key] = self._kept(customers)
        columns, scores, products = self._batches[key]
        total = np.zeros_like(scores[0])
        for name, part in zip(self._models, scores, strict=True):
            if weights[name]:
                total += np.float32(weights[name]) * part
        if columns is None:
            return total
        full = np.full((len(customers), products), -np.inf, np.float32)
        np.put_along_axis(full, columns, total, axis=1)
        return full

    def _kept(self, customers: IntArray) -> tuple[IntArray | None, list[FloatArray], int]:
        scores = [
            model.score(customers) * np.float32(self._scales[name])
            for name, model in self._models.items()
        ]
        products = scores[0].shape[1]
        if len(scores) * self._best >= products:
            return None, scores, products
        # Equal entries of a row are put at one place, so a product may be there more than once.
        columns = np.hstack(
            [np.argpartition(-part, self._best, axis=1)[:, : self._best] for part in scores]
        ).astype(np.int32)
        return columns, [np.take_along_axis(part, columns, axis=1) for part in scores], products
