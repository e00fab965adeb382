"""Precision: how much of the list is relevant."""

from recsys.arrays import BoolArray, FloatArray, IntArray


def precision(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """Share of the first k places that hold a relevant product; trec_eval's P@k.

    precision@k = |top k and relevant| / k (Manning, Raghavan and Schuetze, 2008, chapter 8). A
    list shorter than k is divided by k all the same, so that nobody gains by recommending less.

    Args:
        hit: [Q, any] whether the product at each place is relevant, best first.
        relevant: [Q] number of relevant products; not needed here.
        k: cut of the list.

    Returns:
        [Q] float64 between 0 and 1.
    """
    found: FloatArray = hit[:, :k].sum(axis=1) / k
    return found
