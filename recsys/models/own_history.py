"""Own history: what the customer had before, again. The baseline to beat where repeats count."""

from typing import Self

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.bipartite import interaction_matrix
from recsys.models.base import EventWeights, Validate, require_half_life
from recsys.models.popularity import fallback
from recsys.models.recommends import Recommends


class OwnHistory(Recommends):
    """Ranks products by the customer's own decayed events; what is left, by popularity.

    Args:
        half_life: days (positions of an order) after which an event counts half; None for never.
    """

    history: csr_array
    bias: FloatArray

    def __init__(self, *, half_life: float | None = None) -> None:
        require_half_life(half_life)
        self.half_life = half_life

    @property
    def event_weights(self) -> EventWeights:
        """See `WeighsEvents`."""
        return EventWeights(half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """See `Recommender`."""
        self.history = interaction_matrix(data, half_life=self.half_life)
        self.bias = fallback(data)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """See `Recommender`."""
        scores: FloatArray = self.history[customers].toarray()
        scores += self.bias
        return scores

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """See `FilterRecommender`: the filter is the identity."""
        return products.astype(np.float32)

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """See `FilterRecommender`."""
        return self.apply_filter(products)
