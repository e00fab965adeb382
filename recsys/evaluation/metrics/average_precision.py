"""Average precision, whose mean over queries is MAP."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


def average_precision(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Mean of the precision at each relevant product; one that is not listed counts as 0.

    ap@k = sum_{i<=k} hit_i * precision@i / |relevant| (Buckley and Voorhees, 2000), trec_eval's
    map_cut_k and AP@k of ir_measures. The divisor is |relevant|, not min(k, |relevant|) as in some
    libraries: with more relevant products than places even the best list stays below 1.

    Args:
        hit: [Q, any] whether the product at each place is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: cut of the list; at least its length gives the uncut AP.

    Returns:
        [Q] float64 between 0 and 1.
    """
    top = hit[:, :k]
    precisions = np.cumsum(top, axis=1) / np.arange(1, top.shape[1] + 1)
    found: FloatArray = (precisions * top).sum(axis=1) / relevant
    return found
