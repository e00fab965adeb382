"""Lists of products as matrices and means."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.metrics.ratio import ratio


def as_matrix(products: IntArray, width: int) -> csr_array:
    """[Q, P] float64 with 1 for each product on the list.

    Args:
        products: [Q, k] row numbers, -1 for none.
        width: P, number of products.
    """
    queries, places = np.nonzero(products >= 0)
    columns = products[queries, places]
    return csr_array((np.ones(len(queries)), (queries, columns)), shape=(len(products), width))


def times_shown(products: IntArray, width: int) -> IntArray:
    """[P] int64, on how many lists [Q, k] each product stands."""
    return np.bincount(products[products >= 0], minlength=width)


def mean_of_list(products: IntArray, values: FloatArray | IntArray) -> FloatArray:
    """[Q] mean of values [P] over the products of each list [Q, k]; nan for an empty list."""
    listed = products >= 0
    return ratio(np.where(listed, values[products], 0).sum(axis=1), listed.sum(axis=1))
