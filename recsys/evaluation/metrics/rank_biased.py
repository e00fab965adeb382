"""Rank-biased precision: what a reader finds who goes on to the next place with a fixed chance."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


def rank_biased_precision(
    hit: BoolArray, relevant: IntArray, k: int, persistence: float
) -> FloatArray:
    """Share of the places that a reader looks at which hold a relevant product.

    rbp@k = (1 - p) sum_{i<=k} hit_i p^(i - 1) with the persistence p (Moffat and Zobel, 2008). It
    needs no ideal list, so that a customer with one relevant product counts for less than one with
    many; a list of k relevant products has 1 - p^k, and p^k is what products beyond k could add.

    Args:
        hit: [Q, any] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products; not needed here.
        k: length at which the list is cut.
        persistence: chance to look at the next place, between 0 and 1. The paper has .5 for
            impatient readers, .8 and .95 for patient ones.

    Returns:
        [Q] float64 between 0 and 1.
    """
    top = hit[:, :k]
    return np.asarray(top @ ((1 - persistence) * persistence ** np.arange(top.shape[1])))


def rbp50(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """`rank_biased_precision` with persistence .5: a reader of two places in the mean."""
    return rank_biased_precision(hit, relevant, k, 0.5)


def rbp80(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """`rank_biased_precision` with persistence .8: a reader of five places in the mean."""
    return rank_biased_precision(hit, relevant, k, 0.8)


def rbp95(hit: BoolArray, relevant: IntArray, k: int) -> FloatArray:
    """`rank_biased_precision` with persistence .95: a reader of twenty places in the mean."""
    return rank_biased_precision(hit, relevant, k, 0.95)
