"""RP3beta: three random steps on the customer-product graph, popular products held back.

Paudel et al., Updatable, Accurate, Diverse, and Scalable Recommendations for Interactive
Applications (2017). With the history R, customer degrees d_c and product degrees e_i, a step from
product i to customer c has the weight (r_ci / e_i)^alpha, a step from c to product j the weight
(r_cj / d_c)^alpha, and all paths from i to j together

    w_ij = e_j^-beta * sum_c (r_ci / e_i)^alpha (r_cj / d_c)^alpha .

A customer's score for product j is `sum_i r_ci w_ij`, plus `self_weight * r_cj`.

Deviations: the sums are exact, where the paper samples walks, but only the `neighbours` strongest
paths from a product are kept. The first step, from the customer, weighs r_ci instead of
(r_ci / d_c)^alpha, so that a fresh event adds to a history. Where each weight is 1, as in the
paper, the two differ by a factor per customer and rank alike. For the same reason w is scaled, to
mean 1, which keeps the popularity fallback small beside it. `self_weight` is an addition for
catalogues where people buy the same product again; paths back to the same product are left out.
"""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array

from recsys.models.base import require_half_life, require_range
from recsys.models.neighbours import nearest, row_blocks
from recsys.models.stored_filter import StoredFilter, with_self_weight
from recsys.ops.csr import entry_rows


class RP3Beta(StoredFilter):
    """Ranks products by random walks of three steps, with popular products held back.

    Args:
        alpha: exponent of the probability of a step; above 1 likely steps count more.
        beta: exponent of a ranked product's degree, which divides its score.
        neighbours: paths kept from every product; ties go to the lower row number. A product that
            only weak paths lead to may keep none.
        self_weight: weight of the products that the customer had; 1 is the weight of an average
            neighbour.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.

    Raises:
        InputError: an argument is out of range.
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
        self.alpha, self.beta = alpha, beta
        self.neighbours, self.self_weight = neighbours, self_weight
        self.half_life, self.actions = half_life, actions

    def _filter(self, history: csr_array) -> csr_array:
        paths = self._paths(history.astype(np.float64))
        paths.data /= paths.data.mean() if paths.nnz else 1.0
        return with_self_weight(paths, self.self_weight)

    def _paths(self, history: csr_array) -> csr_array:
        """[P, P] float32, row i holding the strongest w_ij."""
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
    data = (matrix.data / matrix.sum(axis=1)[entry_rows(matrix.indptr)]) ** alpha
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
