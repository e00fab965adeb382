"""PureSVD: Cremonesi, Koren and Turrin, Performance of Recommender Algorithms (2010)."""

from typing import Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.bipartite import interaction_matrix
from recsys.models.base import (
    Embeddings,
    EventWeights,
    FoldIn,
    Validate,
    require_half_life,
    require_range,
)
from recsys.models.popularity import fallback
from recsys.models.recommends import Recommends


class PureSVD(Recommends):
    """Scores `R V V' + popularity` of the history R [C, P] and its first right singular vectors V.

    Args:
        dim: number of singular vectors.
        half_life: days after which an event counts half; None for never.
    """

    def __init__(self, *, dim: int = 32, half_life: float | None = None) -> None:
        require_range("dim", dim, 1)
        require_half_life(half_life)
        self.dim, self.half_life = dim, half_life

    @property
    def event_weights(self) -> EventWeights:
        """How events count: lets the artifact take events that happen after the export."""
        return EventWeights(half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """V are the eigenvectors of R'R; for catalogues of which R'R [P, P] can be held."""
        self.history = interaction_matrix(data, half_life=self.half_life)
        gram = (self.history.T @ self.history).toarray().astype(np.float64)
        self.vectors = np.linalg.eigh(gram)[1][:, -self.dim :].astype(np.float32)
        self.popular = fallback(data)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """[Q, P] float32."""
        return self.history[customers] @ self.vectors @ self.vectors.T + self.popular

    def embeddings(self) -> Embeddings:
        """Inner products that equal the scores: the last column is 1 times the popularity."""
        ones = np.ones((self.history.shape[0], 1), np.float32)
        unknown = np.zeros(self.vectors.shape[1] + 1, np.float32)
        unknown[-1] = 1
        return Embeddings(
            customers=np.hstack([self.history @ self.vectors, ones]),
            products=np.hstack([self.vectors, self.popular[:, None]]),
            default_customer=unknown,
        )

    def fold_in(self) -> FoldIn | None:
        """A customer's vector is the sum of the rows of V of their events."""
        return FoldIn(history=self.history, products=self.vectors)
