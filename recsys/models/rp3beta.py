"""RP3beta: three random steps on the customer-product graph, popular products held back.

Paudel et al., Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive
Applications (2017). With the history R, customer degrees d_c and product degrees e_i, a step from
product i to customer c has the strength (r_ci / e_i)^alpha, one from c to product j the strength
(r_cj / d_c)^alpha, and the way from i to j by any customer

    w_ij = e_j^-beta * sum_c (r_ci / e_i)^alpha (r_cj / d_c)^alpha .

A customer's score for product j is `sum_i r_ci w_ij`, and `self_weight * r_cj` on top.

Deviations: the sums are exact, where the paper samples walks, but only the `neighbours` strongest
ways out of a product are kept. The first step, from the customer, weighs r_ci instead of
(r_ci / d_c)^alpha, so that a fresh event adds to a history; where each weight is 1 (the paper)
they differ by a factor a customer, and rank alike. For the same reason w may be scaled, to mean 1,
which keeps the fallback to popularity small beside it. The own weight is ours and serves
catalogues where people buy the same product again; 0 leaves the ways back to a product out.
"""

from collections.abc import Mapping
from typing import Self

import numpy as np
from scipy.sparse import csr_array, diags_array

from recsys.data.dataset import Dataset
from recsys.graph.bipartite import interaction_matrix
from recsys.models.base import EventWeights, Validate, require_half_life, require_range
from recsys.models.neighbours import nearest, row_blocks
from recsys.models.popularity import fallback
from recsys.models.stored_filter import StoredFilter


class RP3Beta(StoredFilter):
    """Random walks of three steps, re-ranked by popularity.

    Args:
        alpha: exponent of the probability of a step; above 1 the likely steps count more.
        beta: exponent of a ranked product's degree, which divides its score.
        neighbours: ways kept out of every product, so that one with weak ways only may be left
            without a way in; ties go to the lower row number.
        self_weight: weight of the customer's own products; 1 is the weight of an average neighbour.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        beta: float = 0.5,
        neighbours: int = 200,
        self_weight: float = 0.0,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
    ) -> None:
        require_range("alpha", alpha, 0, 10)
        require_range("beta", beta, 0, 10)
        require_range("neighbours", neighbours, 1)
        require_range("self_weight", self_weight, 0)
        require_half_life(half_life)
        self.alpha, self.beta, self.neighbours, self.self_weight = (
            alpha,
            beta,
            neighbours,
            self_weight,
        )
        self.half_life, self.actions = half_life, actions

    @property
    def event_weights(self) -> EventWeights:
        """See `WeighsEvents`."""
        return EventWeights(actions=self.actions, half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """See `Recommender`."""
        self.history = interaction_matrix(data, actions=self.actions, half_life=self.half_life)
        self.bias = fallback(data)
        ways = self._ways()
        ways.data /= ways.data.mean() if ways.nnz else 1.0
        diagonal = self.self_weight * diags_array(np.ones(len(data.products), np.float32))
        self.filter = (ways + diagonal).tocsr()
        return self.remember(data)

    def _ways(self) -> csr_array:
        """[P, P] float32, row i holding the strongest w_ij."""
        history = self.history.astype(np.float64)
        degrees = history.sum(axis=0)
        to_customers = _steps(history.T.tocsr(), self.alpha)
        to_products = _steps(history, self.alpha)
        to_products.data *= degrees[to_products.indices] ** -self.beta
        return nearest(
            lambda rows: to_customers[rows] @ to_products,
            row_blocks(to_customers, to_products),
            self.neighbours,
        )


def _steps(matrix: csr_array, alpha: float) -> csr_array:
    """The share of each entry in its row, to the power alpha."""
    sums = np.repeat(matrix.sum(axis=1), np.diff(matrix.indptr))
    data = (matrix.data / sums) ** alpha
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
