"""SLIM: a sparse product-product model, each product regressed on a few others.

Ning and Karypis, SLIM: Sparse Linear Methods for Top-N Recommender Systems (2011). With the columns
x_j of the history X, the weights w_j of the products that predict product j minimise

    1/2 |x_j - X w_j|^2 + l2 / 2 |w_j|^2 + l1 |w_j|_1    with w_j >= 0 and w_jj = 0,

and a customer's score for product j is `sum_i x_ci w_ij`. As in the paper's fsSLIM, only the
`neighbours` products i whose columns are most similar to x_j, by cosine, may have a weight.

Deviations: weights of events take the place of 0 and 1. The paper solves one product at a time on
the columns of X; here coordinate descent runs on the products of columns, for many products at once
(`recsys.models.coordinate_descent`). `self_weight * x_cj` is added to a score for catalogues where
people buy the same product again; 0 gives the paper.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.sparse import csr_array
from tqdm import tqdm

from recsys.arrays import FloatArray
from recsys.models.base import require_half_life, require_range
from recsys.models.coordinate_descent import non_negative_weights
from recsys.models.item_knn import cosine_neighbours
from recsys.models.stored_filter import StoredFilter, with_self_weight

_NUMBERS_AT_ONCE = 2**24
"""Of the products of columns in a tile: 64 MiB."""


class SLIM(StoredFilter):
    """Ranks products by a sparse matrix of non-negative weights between products.

    Fitting holds the products of all columns with each other, of which most are 0 in a large
    catalogue, and takes time in proportion to the number of products times neighbours squared.

    Args:
        l1: weight of the sum of the weights, in squared weights of events; more of it leaves fewer
            weights above 0.
        l2: weight of half their squares, in the same unit.
        neighbours: products that may have a weight for a ranked product; ties in their similarity
            go to the lower row number.
        self_weight: weight of the products that the customer had; those of other products are
            rarely above 1.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(
        self,
        *,
        l1: float = 0.3,
        l2: float = 20.0,
        neighbours: int = 100,
        self_weight: float = 0.0,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
    ) -> None:
        require_range("l1", l1, 0)
        require_range("l2", l2, 0)
        require_range("neighbours", neighbours, 1)
        require_range("self_weight", self_weight, 0)
        require_half_life(half_life)
        self.l1, self.l2 = l1, l2
        self.neighbours, self.self_weight = neighbours, self_weight
        self.half_life, self.actions = half_life, actions

    def _filter(self, history: csr_array) -> csr_array:
        # Row j holds the candidates of product j; their similarities are replaced by weights.
        weights = cosine_neighbours(history, self.neighbours)
        common: csr_array = (history.T.tocsr() @ history).tocsr()
        for products in _tiles(weights):
            entries = slice(weights.indptr[products.start], weights.indptr[products.stop])
            weights.data[entries] = self._weights_of(common, weights, products)
        weights.eliminate_zeros()
        return with_self_weight(weights.T, self.self_weight)

    def _weights_of(self, common: csr_array, candidates: csr_array, products: slice) -> FloatArray:
        """The weights of the candidates of some products, one product's after the other's.

        Args:
            common: [P, P] X' X.
            candidates: [P, P], an entry of row j for each candidate of product j.
            products: consecutive ones.
        """
        counts = np.diff(candidates.indptr[products.start : products.stop + 1])
        size, most = len(counts), int(counts.max())
        gram: FloatArray = np.zeros((most, size, most), np.float32)
        targets: FloatArray = np.zeros((size, most), np.float32)
        lengths: FloatArray = np.zeros(size, np.float32)
        for place, (product, count) in enumerate(
            zip(range(products.start, products.stop), counts, strict=True)
        ):
            start = candidates.indptr[product]
            columns = np.append(product, candidates.indices[start : start + count])
            square = common[columns][:, columns].toarray()
            lengths[place], targets[place, :count] = square[0, 0], square[0, 1:]
            gram[:count, place, :count] = square[1:, 1:]
        weights = non_negative_weights(gram, targets, lengths, l1=self.l1, l2=self.l2)
        return weights[np.arange(most) < counts[:, None]]


def _tiles(candidates: csr_array) -> Iterator[slice]:
    """Slices of consecutive products, whose candidates' products of columns fit into memory."""
    products = candidates.shape[0]
    most = max(int(np.diff(candidates.indptr).max(initial=0)), 1)
    step = max(1, _NUMBERS_AT_ONCE // most**2)
    with tqdm(total=products, desc="SLIM", unit="product", delay=3, disable=None) as bar:
        for start in range(0, products, step):
            stop = min(start + step, products)
            yield slice(start, stop)
            bar.update(stop - start)
