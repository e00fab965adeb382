"""Own history: the products a customer had before. The baseline to beat where repeats count."""

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
    """Ranks products by the customer's decayed events, and all others by popularity.

    Args:
        half_life: days (positions of an order) after which an event counts half; None for never.

    Raises:
        InputError: the half-life is not above 0.
    """

    history: csr_array
    bias: FloatArray

    def __init__(self, *, half_life: float | None = None) -> None:
        require_half_life(half_life)
        self.half_life = half_life

    @property
    def event_weights(self) -> EventWeights:
        """How the events in the history count."""
        return EventWeights(half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Counts the events of `data`; `validate` is not used."""
        self.history = interaction_matrix(data, half_life=self.half_life)
        self.bias = fallback(data)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q]; the touchpoint makes no difference."""
        scores: FloatArray = self.history[customers].toarray()
        scores += self.bias
        return scores

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """Products [P, n] as float32, because the filter is the identity."""
        return products.astype(np.float32)

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """Products [P, n] as float32, because the filter is the identity."""
        return self.apply_filter(products)
