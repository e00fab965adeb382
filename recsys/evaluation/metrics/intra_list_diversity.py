"""Intra-list diversity: how unlike each other the products of one list are."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.metrics.lists import as_matrix
from recsys.evaluation.metrics.ratio import ratio


def intra_list_diversity(products: IntArray, vectors: csr_array | FloatArray) -> FloatArray:
    """Mean of 1 - cosine over all pairs of products on a list.

    ild = 1 / (n (n - 1)) * sum_{p != q} (1 - cos(v_p, v_q)) (Smyth and McClave, 2001). The sum over
    pairs is taken as |sum of unit vectors|^2 less its diagonal, so no pair is formed.

    Measure it on vectors that the compared models did not learn: product features, or one-hot
    categories, where it is the share of pairs from two categories.

    Args:
        products: [Q, k] row numbers, no product twice on a list, -1 for none.
        vectors: [P, D], dense or CSR; a vector of zeros is unlike every other.

    Returns:
        [Q] float64 between 0 and 2, at most 1 where no vector has negative parts; nan for a list of
        fewer than two products.
    """
    unit = csr_array(vectors).astype(np.float64)
    length = np.sqrt(unit.power(2).sum(axis=1))
    unit.data /= np.repeat(np.where(length > 0, length, 1), np.diff(unit.indptr))
    lists = as_matrix(products, len(length))
    like = (lists @ unit).power(2).sum(axis=1) - lists @ unit.power(2).sum(axis=1)
    count = lists.sum(axis=1)
    return 1 - ratio(like, count * (count - 1))
