"""Mean shares of facts in clusters over those outside, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import ndtri

from recsys.arrays import FloatArray, IntArray

FEWEST = 10
"""Customers whose events a fact must hold for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratios:
    """Mean shares of facts in clusters over those outside.

    Attributes:
        inside: [K, F] mean share of a cluster's customers.
        outside: [K, F] of all others.
        ratio: [K, F] inside over outside; nan where fewer than ten customers inside have a fact.
            Where fewer than ten outside have it, as if one more had nothing else.
        low: [K, F] lower ends of intervals.
        high: [K, F] upper ends.
    """

    inside: FloatArray
    outside: FloatArray
    ratio: FloatArray
    low: FloatArray
    high: FloatArray


def ratios(shares: csr_array, labels: IntArray, count: int, level: float) -> Ratios:
    """Compares each cluster with all others.

    Args:
        shares: [n, F].
        labels: [n] cluster of each customer.
        count: of clusters.
        level: confidence of each interval.
    """
    row, column = labels, np.arange(len(labels))
    member = csr_array((np.ones(len(labels)), (row, column)), shape=(count, len(labels)))
    within = np.bincount(labels, minlength=count)[:, None]
    holds = csr_array((np.ones(shares.nnz), shares.indices, shares.indptr), shape=shares.shape)
    sums = [(member @ table).toarray() for table in (shares, shares.multiply(shares), holds)]
    others = [total.sum(axis=0) - total for total in sums]
    inside, first = _moments(sums, within)
    outside = others[0] / np.maximum(len(labels) - within, 1)
    # Where hardly any other has a fact, one more who has nothing else keeps the ratio finite.
    rare = others[2] < FEWEST
    below, second = _moments([total + rare for total in others], len(labels) - within + rare)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(sums[2] >= FEWEST, inside / below, np.nan)
        error = np.sqrt(np.maximum(first, 0) / inside**2 + np.maximum(second, 0) / below**2)
        spread = np.exp(ndtri(0.5 + level / 2) * error)
    return Ratios(
        inside=inside, outside=outside, ratio=ratio, low=ratio / spread, high=ratio * spread
    )


def _moments(sums: Sequence[FloatArray], sizes: IntArray) -> tuple[FloatArray, ...]:
    """[K, F] means, and squared errors of these.

    Args:
        sums: [K, F] of shares, of their squares, and of customers with a share above 0.
        sizes: [K, 1] customers.
    """
    total, squares, _ = sums
    size = np.maximum(sizes, 1)
    return total / size, (squares / size - (total / size) ** 2) / size
