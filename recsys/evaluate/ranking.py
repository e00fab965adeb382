"""Ranking metrics from hits; one value a query."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray


def hits(products: IntArray, relevant: csr_array) -> BoolArray:
    """[Q, k] whether each ranked product (-1 for none) is relevant [Q, P]."""
    width = relevant.shape[1]
    queries = np.arange(len(products))
    wanted = np.repeat(queries, np.diff(relevant.indptr)) * width + relevant.indices
    asked = queries[:, None] * width + products
    return np.isin(asked, wanted, kind=None) & (products >= 0)


def recall(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Share of a query's relevant products among the first k.

    recall@k = |top k and relevant| / |relevant|, as in the LightGCN tables.

    Args:
        hit: [Q, >=k] from `hits`.
        relevant: [Q] number of relevant products, at least 1.
        k: cut of the list.
    """
    found: FloatArray = hit[:, :k].sum(axis=1) / relevant
    return found


def ndcg(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Normalised discounted cumulative gain with binary gains.

    ndcg@k = sum_{i<=k} hit_i / log2(i + 1) / sum_{i<=min(k, |relevant|)} 1 / log2(i + 1)
    (Jarvelin and Kekalainen, 2002). Arguments as in `recall`.
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(relevant, k)]
    gain: FloatArray = (hit[:, :k] @ discount[: hit.shape[1]]) / ideal
    return gain
