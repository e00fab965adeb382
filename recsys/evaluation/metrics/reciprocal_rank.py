"""Reciprocal rank, whose mean over queries is MRR."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


def reciprocal_rank(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """One over the place of the first relevant product; 0 where the first k hold none.

    rr@k = 1 / min{i <= k: hit_i} (Voorhees, 1999, the TREC-8 question answering track).

    Args:
        hit: [Q, any] whether the product at each place is relevant, best first.
        relevant: [Q] number of relevant products; not needed here.
        k: cut of the list.

    Returns:
        [Q] float64 between 0 and 1.
    """
    top = hit[:, :k]
    return np.where(top.any(axis=1), 1 / (top.argmax(axis=1) + 1), 0.0)
