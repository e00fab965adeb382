"""Item-kNN: products that have many customers in common with those a customer had.

Sarwar et al., Item-Based Collaborative Filtering Recommendation Algorithms (2001), with the
shrinkage of Bell and Koren, Improved Neighborhood-based Collaborative Filtering (2007). With the
columns r_i of the history R and n_ij customers who had both products, their similarity is

    s_ij = n_ij / (n_ij + shrink) * <r_i, r_j> / (|r_i| |r_j|)

and a customer's score for product j is `sum_i r_ci s_ij` over the `neighbours` products i most
similar to j, plus `self_weight * r_cj`.

Deviations: weights of events take the place of ratings. The sum is not divided by the sum of the
similarities: that predicts a rating, but ranks a product with one weak neighbour as high as one
with many strong ones. `self_weight` is an addition for catalogues where people buy the same product
again; 0 gives the paper.
"""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array

from recsys.graph.bipartite import binary
from recsys.models.base import require_half_life, require_range
from recsys.models.neighbours import nearest, row_blocks
from recsys.models.stored_filter import StoredFilter, with_self_weight


class ItemKNN(StoredFilter):
    """Ranks products by their cosine similarity to those in the customer's history.

    Args:
        neighbours: products kept for every ranked product; ties go to the lower row number.
        shrink: number of common customers at which a similarity counts half.
        self_weight: weight of the products that the customer had, where a neighbour with cosine 1
            weighs 1.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.

    Raises:
        InputError: an argument is out of range.
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

    def _filter(self, history: csr_array) -> csr_array:
        # Rows hold the neighbours of a ranked product; the filter has ranked products as columns.
        neighbours = cosine_neighbours(history, self.neighbours, self.shrink)
        return with_self_weight(neighbours.T, self.self_weight)


def cosine_neighbours(history: csr_array, neighbours: int, shrink: float = 0.0) -> csr_array:
    """[P, P] float32 CSR, row j holding s_ij of the nearest neighbours i of product j.

    Args:
        history: [C, P] float32.
        neighbours: largest number for a product; ties go to the lower row number.
        shrink: number of common customers at which a similarity counts half.
    """
    pairs = binary(history).astype(np.float64)
    unit = _unit_columns(history)
    pairs_by_product, unit_by_product = pairs.T.tocsr(), unit.T.tocsr()

    def similarities(rows: slice) -> csr_array:
        cosine: csr_array = unit_by_product[rows] @ unit
        if not shrink:
            return cosine
        common = pairs_by_product[rows] @ pairs
        common.data /= common.data + shrink
        shrunk: csr_array = cosine.multiply(common).tocsr()
        return shrunk

    return nearest(similarities, row_blocks(unit_by_product, unit), neighbours)


def _unit_columns(matrix: csr_array) -> csr_array:
    """The columns in float64, scaled to length 1; empty columns stay empty."""
    squares = np.bincount(
        matrix.indices, weights=matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[1]
    )
    data = matrix.data / np.sqrt(squares)[matrix.indices]
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
