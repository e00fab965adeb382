"""Which places of a ranking hold a relevant product: what the metrics of a list are made from."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, IntArray


def hits(products: IntArray, relevant: csr_array) -> BoolArray:
    """[Q, k] whether each ranked product (-1 for none) is relevant [Q, P]."""
    width = relevant.shape[1]
    queries = np.arange(len(products))
    wanted = np.repeat(queries, np.diff(relevant.indptr)) * width + relevant.indices
    asked = queries[:, None] * width + products
    return np.isin(asked, wanted, kind=None) & (products >= 0)
