"""Hit rate: whether the list holds anything relevant."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


def hit_rate(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """1 where a relevant product is among the first k, else 0; trec_eval's success_k.

    hit_rate@k = [|top k and relevant| > 0] (Deshpande and Karypis, 2004). With one relevant product
    a query, as where the last event is left out, it equals recall@k.

    Args:
        hit: [Q, any] whether the product at each place is relevant, best first.
        relevant: [Q] number of relevant products; not needed here.
        k: cut of the list.

    Returns:
        [Q] float64, 0 or 1.
    """
    found: FloatArray = np.asarray(hit[:, :k].any(axis=1), np.float64)
    return found
