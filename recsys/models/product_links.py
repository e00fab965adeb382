"""Links between products, by time gap and by customer, without keeping all pairs of products.

With K the co-occurrence of products by time gap and B the customers who had a product (0 or 1),

    M = K^power + whole * (B' B)^power,

where powers are taken entry by entry and diagonals are zero. A customer with n products makes n^2
pairs of them, and most of those no other customer has. Such an entry is 1 to any power, so that

    (B' B)^power = B' B - diag(B' B) + D,    D_ij = n_ij^power - n_ij where n_ij >= 2,

and M is multiplied by way of B and the few entries of K and D. B holds rare products only: pairs
with a popular one are entries of D, as they are. Where pairs are mostly shared, as in a small
catalogue, all of them are.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_array, diags_array

from recsys.arrays import BoolArray, FloatArray
from recsys.data.dataset import Dataset
from recsys.graph.time_gap import in_common, who_had
from recsys.models.dense_scores import add_product
from recsys.models.sparse_products import dense_product
from recsys.ops.chunks import slices

_ROWS = 32
"""Dense rows multiplied at once, so that what is read again stays in the cache."""
_FULL = 20
"""A row with more than one entry in so many is multiplied as a dense one: that does about ten times
as many products a second, and its entries are where M has most."""
_POPULAR = 64
"""Pairs of a product that more customers had are all kept. They are mostly shared, and what is
subtracted from B' B would leave them the less precise the more customers there are."""


@dataclass(frozen=True, eq=False)
class SharedProducts:
    """B' B without its diagonal.

    Attributes:
        counts: [P, P] float32 CSR, entries n_ij of B' B that are kept.
        through: [nnz] float32, what a product by way of `had` adds for each of them: n_ij or 0.
        had: [H, P] float32 CSR, B without popular products and without customers who then have
            none or one; None where all of B' B is kept.
    """

    counts: csr_array
    through: FloatArray
    had: csr_array | None

    @classmethod
    def of(cls, data: Dataset, used: BoolArray) -> Self:
        """From the events [E] of the data that count; they have products."""
        had = who_had(data, used)
        counts = in_common(had)
        is_rare = had.sum(axis=0) <= _POPULAR
        is_through = np.repeat(is_rare, np.diff(counts.indptr)) & is_rare[counts.indices]
        is_kept = ~is_through | (counts.data > 1)
        if np.count_nonzero(is_kept) + 2 * had.nnz >= counts.nnz:
            return cls(counts, np.zeros(counts.nnz, np.float32), None)
        counts.data[~is_kept] = 0
        counts.eliminate_zeros()
        had.data[~is_rare[had.indices]] = 0
        had.eliminate_zeros()
        through = np.where(is_through[is_kept], counts.data, 0).astype(np.float32)
        return cls(counts, through, csr_array(had[np.diff(had.indptr) > 1]))


class ProductLinks:
    """The symmetric matrix M [P, P].

    Args:
        near: [P, P] float32 CSR, K.
        shared: B' B; None where `whole` is 0.
        power: above 0.
        whole: weight of (B' B)^power.
    """

    def __init__(
        self, near: csr_array, shared: SharedProducts | None, power: float, whole: float
    ) -> None:
        self._sparse = _with_data(near, near.data**power)
        # whole * B' and B.
        self._by_customers: tuple[csr_array, csr_array] | None = None
        if shared is None:
            return
        shares = whole * (shared.counts.data**power - shared.through)
        self._sparse = csr_array(self._sparse + _with_data(shared.counts, shares))
        if shared.had is not None:
            having = csr_array(np.float32(whole) * shared.had.T.tocsr())
            self._sparse = csr_array(self._sparse - diags_array(having.sum(axis=1)))
            self._by_customers = having, shared.had

    def __matmul__(self, vectors: FloatArray) -> FloatArray:
        """M @ vectors [P, n] float32."""
        product = dense_product(vectors, self._sparse)
        if self._by_customers is not None:
            product += dense_product(vectors, *self._by_customers)
        return product

    def add_to(self, scores: FloatArray, rows: csr_array) -> None:
        """Adds rows @ M to the scores, in place.

        Args:
            scores: [Q, P] float32.
            rows: [Q, P] float32.
        """
        add_product(scores, rows, self._sparse)
        if self._by_customers is not None:
            having, had = self._by_customers
            add_product(scores, csr_array(rows @ having), had)

    def add_next(self, scores: FloatArray, reached: FloatArray, factor: FloatArray) -> None:
        """Adds (reached * factor) @ M to the scores, in place.

        Args:
            scores: [Q, P] float32.
            reached: [Q, P] float32.
            factor: [P] float32.
        """
        is_full = np.count_nonzero(reached, axis=1) * _FULL > reached.shape[1]
        full, other = np.flatnonzero(is_full), np.flatnonzero(~is_full)
        for part in slices(len(full), _ROWS):
            rows = full[part]
            scores[rows] += (self @ np.ascontiguousarray((reached[rows] * factor).T)).T
        if len(other):
            added = np.zeros((len(other), scores.shape[1]), np.float32)
            self.add_to(added, csr_array(reached[other] * factor))
            scores[other] += added


def _with_data(matrix: csr_array, data: FloatArray) -> csr_array:
    data = data.astype(np.float32, copy=False)
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
