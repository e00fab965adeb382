"""Normalised discounted cumulative gain: relevant products count more the higher they stand."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


def ndcg(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Discounted gain of the list over that of the best list, with gains of 0 and 1.

    ndcg@k = sum_{i<=k} hit_i / log2(i + 1) / sum_{i<=min(k, |relevant|)} 1 / log2(i + 1)
    (Jarvelin and Kekalainen, 2002, with the discount of trec_eval's ndcg_cut_k).

    Args:
        hit: [Q, any] whether the product at each place is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: cut of the list.

    Returns:
        [Q] float64 between 0 and 1.
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(relevant, k)]
    gain: FloatArray = (hit[:, :k] @ discount[: hit.shape[1]]) / ideal
    return gain
