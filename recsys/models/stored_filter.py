"""The scoring of models whose filter is kept as one matrix."""

from scipy.sparse import csr_array, issparse

from recsys.arrays import FloatArray, IntArray
from recsys.models.recommends import Recommends


class StoredFilter(Recommends):
    """`score == history @ filter + bias`, for a filter that `fit` leaves behind.

    Attributes:
        history: [C, P] float32 CSR weights of the customers' events.
        filter: [P, P] float32, sparse or dense; ranked products are its columns.
        bias: [P] float32 added for everyone.
    """

    history: csr_array
    filter: csr_array | FloatArray
    bias: FloatArray

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """See `Recommender`."""
        spread = self.history[customers] @ self.filter
        scores: FloatArray = spread.toarray() if issparse(spread) else spread
        scores += self.bias
        return scores

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """See `FilterRecommender`."""
        spread: FloatArray = self.filter @ products
        return spread

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """See `FilterRecommender`."""
        spread: FloatArray = self.filter.T @ products
        return spread
