"""Which visit continues which: marginal probabilities of a matching, by message passing."""

import numpy as np

from recsys.arrays import FloatArray, IntArray

_TOLERANCE = 1e-4


def link_probabilities(
    odds: FloatArray, earlier: IntArray, later: IntArray, count: int, sweeps: int = 40
) -> FloatArray:
    """[L] float64, how probable it is that visit `later` continues visit `earlier`.

    Each visit continues at most one and is continued by at most one. The probability of a set of
    links is in proportion to the product of their odds; its marginals come from belief
    propagation, which converges for such matchings. Williams and Lau: Approximate evaluation of
    marginal association probabilities with belief propagation, IEEE Transactions on Aerospace and
    Electronic Systems 50 (2014), where sensors are matched with targets.

    Args:
        odds: [L] of a link against both an end of `earlier` and a start with `later`.
        earlier: [L] visit that may be continued.
        later: [L] visit that may continue it.
        count: number of visits.
        sweeps: most passes over all links.

    Returns:
        the probabilities; they sum up to at most 1 for each `later`.
    """
    to_later = odds
    to_earlier = np.ones(len(odds))
    for _ in range(sweeps):
        weighted = odds * to_earlier
        others = np.bincount(earlier, weighted, count)[earlier] - weighted
        to_later = odds / (1 + np.maximum(others, 0))
        rivals = np.bincount(later, to_later, count)[later] - to_later
        answer = 1 / (1 + np.maximum(rivals, 0))
        moved = np.abs(answer - to_earlier).max(initial=0)
        to_earlier = answer
        if moved < _TOLERANCE:
            break
    return np.asarray(to_later / (1 + np.bincount(later, to_later, count)[later]))
