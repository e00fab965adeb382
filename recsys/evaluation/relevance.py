"""Which places of a ranking hold a relevant product: what the metrics of a list are made from."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import IntArray


def found_in(products: IntArray, relevant: csr_array) -> IntArray:
    """[Q, k] int64 position of each ranked product among the entries of `relevant`; -1 if not one.

    Args:
        products: [Q, k] row numbers, -1 for none.
        relevant: [Q, P] CSR.
    """
    width = relevant.shape[1]
    queries = np.arange(len(products))
    wanted = np.repeat(queries, np.diff(relevant.indptr)) * width + relevant.indices
    if not len(wanted):
        return np.full(products.shape, -1)
    order = np.argsort(wanted, kind="stable")
    asked = queries[:, None] * width + products
    nearest = order[np.searchsorted(wanted, asked, sorter=order).clip(max=len(wanted) - 1)]
    return np.where((wanted[nearest] == asked) & (products >= 0), nearest, -1)
