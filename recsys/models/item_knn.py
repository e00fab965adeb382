"""Item-kNN: products whose customers are those of the products a customer had.

Sarwar et al., Item-Based Collaborative Filtering Recommendation Algorithms (2001), with the
shrinkage of Bell and Koren, Improved Neighborhood-based Collaborative Filtering (2007). With the
columns r_i of the history R and n_ij customers who had both products, their similarity is

    s_ij = n_ij / (n_ij + shrink) * <r_i, r_j> / (|r_i| |r_j|)

and a customer's score for product j is `sum_i r_ci s_ij` over the `neighbours` products i most
similar to j, and `self_weight * r_cj` on top.

Deviations: weights of events take the place of ratings, and the sum is not divided by the sum of
the similarities, which predicts a rating but ranks a product with one weak neighbour beside one
with many strong ones. The own weight is ours and serves catalogues where people buy the same
product again; 0 is the paper.
"""

from collections.abc import Mapping
from typing import Self

import numpy as np
from scipy.sparse import csr_array, diags_array

from recsys.data.dataset import Dataset
from recsys.graph.bipartite import binary, interaction_matrix
from recsys.models.base import EventWeights, Validate, require_half_life, require_range
from recsys.models.neighbours import nearest, row_blocks
from recsys.models.popularity import fallback
from recsys.models.stored_filter import StoredFilter


class ItemKNN(StoredFilter):
    """Cosine neighbours between products, with shrinkage.

    Args:
        neighbours: products kept for every ranked product; ties go to the lower row number.
        shrink: customers in common at which a similarity counts half.
        self_weight: weight of the customer's own products, where a neighbour at cosine 1 weighs 1.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
    """

    def __init__(
        self,
        *,
        neighbours: int = 200,
        shrink: float = 10.0,
        self_weight: float = 0.0,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
    ) -> None:
        require_range("neighbours", neighbours, 1)
        require_range("shrink", shrink, 0)
        require_range("self_weight", self_weight, 0)
        require_half_life(half_life)
        self.neighbours, self.shrink, self.self_weight = neighbours, shrink, self_weight
        self.half_life, self.actions = half_life, actions

    @property
    def event_weights(self) -> EventWeights:
        """See `WeighsEvents`."""
        return EventWeights(actions=self.actions, half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """See `Recommender`."""
        self.history = interaction_matrix(data, actions=self.actions, half_life=self.half_life)
        self.bias = fallback(data)
        # Rows hold the neighbours of a ranked product; the filter has ranked products as columns.
        diagonal = self.self_weight * diags_array(np.ones(len(data.products), np.float32))
        self.filter = (self._neighbours().T + diagonal).tocsr()
        return self.remember(data)

    def _neighbours(self) -> csr_array:
        """[P, P] float32, row j holding s_ij of the neighbours i of product j."""
        had = binary(self.history).astype(np.float64)
        unit = _unit_columns(self.history)
        had_by, unit_by = had.T.tocsr(), unit.T.tocsr()

        def similarities(rows: slice) -> csr_array:
            cosine: csr_array = unit_by[rows] @ unit
            if not self.shrink:
                return cosine
            common = had_by[rows] @ had
            common.data /= common.data + self.shrink
            shrunk: csr_array = cosine.multiply(common).tocsr()
            return shrunk

        return nearest(similarities, row_blocks(unit_by, unit), self.neighbours)


def _unit_columns(matrix: csr_array) -> csr_array:
    """The same columns in float64 at length 1; empty ones stay empty."""
    squares = np.bincount(
        matrix.indices, weights=matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[1]
    )
    data = matrix.data / np.sqrt(squares)[matrix.indices]
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
