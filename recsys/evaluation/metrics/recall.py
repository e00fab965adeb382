"""Recall: how much of what is relevant is on the list."""

from recsys.arrays import BoolArray, FloatArray, IntArray


def recall(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Share of a query's relevant products among the first k; trec_eval's recall_k.

    recall@k = |top k and relevant| / |relevant|, as in the tables of LightGCN (He et al., 2020).
    Other authors divide by min(k, |relevant|); then a short list can reach 1.

    Args:
        hit: [Q, any] whether the product at each place is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: cut of the list.

    Returns:
        [Q] float64 between 0 and 1.
    """
    found: FloatArray = hit[:, :k].sum(axis=1) / relevant
    return found
