"""Recall and MAP over what a list of k can hold: divided by min(k, |relevant|), not by |relevant|.

With more relevant products than places the best list then has 1. The arguments are those of
`recsys.evaluation.metrics.ranking`.
"""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.metrics.ranking import average_precision, recall


def capped_recall(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Hits among the first k over the most that they could hold.

    capped_recall@k = |top k and relevant| / min(k, |relevant|), as LensKit's Recall.

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: length at which the list is cut.

    Returns:
        [Q] float64 between 0 and 1.
    """
    return recall(hit, np.minimum(relevant, k), k)


def capped_average_precision(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Average precision over the most products that the first k could hold.

    capped_map@k = sum_{i<=k} hit_i * precision@i / min(k, |relevant|), the AP@k of most
    libraries for recommendations and of Kaggle's competitions.

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: length at which the list is cut.

    Returns:
        [Q] float64 between 0 and 1.
    """
    return average_precision(hit, np.minimum(relevant, k), k)
