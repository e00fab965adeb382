"""The base class of models with a filter in memory: EASE, item-kNN, RP3beta and SLIM."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Self

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array, issparse

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.bipartite import interaction_matrix
from recsys.models.base import EventWeights, Validate
from recsys.models.popularity import fallback
from recsys.models.recommends import Recommends


class StoredFilter(Recommends, ABC):
    """`score == history @ filter + bias`; a subclass computes the filter from the history.

    Attributes:
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
        history: [C, P] float32 CSR weights of the customers' events.
        filter: [P, P] float32, sparse or dense; ranked products are its columns.
        bias: [P] float32 added for every customer: a little popularity.
    """

    half_life: float | None
    actions: Mapping[str, float] | None
    history: csr_array
    filter: csr_array | FloatArray
    bias: FloatArray

    @property
    def event_weights(self) -> EventWeights:
        """How the events in `history` count."""
        return EventWeights(actions=self.actions, half_life=self.half_life)

    @abstractmethod
    def _filter(self, history: csr_array) -> csr_array | FloatArray:
        """The filter [P, P] float32 for a history [C, P]."""

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Fits the model to the events of `data`; `validate` is not used."""
        self.history = interaction_matrix(data, actions=self.actions, half_life=self.half_life)
        self.bias = fallback(data)
        self.filter = self._filter(self.history)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q]; the touchpoint makes no difference."""
        scores = self.history[customers] @ self.filter
        dense: FloatArray = scores.toarray() if issparse(scores) else scores
        dense += self.bias
        return dense

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """Filter @ products, for products [P, n] float32."""
        filtered: FloatArray = self.filter @ products
        return filtered

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """filter.T @ products, for products [P, n] float32."""
        filtered: FloatArray = self.filter.T @ products
        return filtered


def with_self_weight(similarities: csr_array | csc_array, self_weight: float) -> csr_array:
    """Similarities [P, P] between products, with `self_weight` added on the diagonal."""
    diagonal = self_weight * diags_array(np.ones(similarities.shape[0], np.float32))
    return (similarities + diagonal).tocsr()
