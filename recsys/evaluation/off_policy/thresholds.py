"""Choosing the clip, switch and shrinkage from the data: SLOPE."""

from collections.abc import Callable, Sequence

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.estimators import Terms
from recsys.evaluation.off_policy.intervals import influences, standard_error

_DEVIATIONS = 1.0


def slope(estimates: Sequence[float], widths: Sequence[float]) -> int:
    """Position of the estimate that SLOPE selects (Su, Srinath and Krishnamurthy, 2020).

    With half widths c_i, estimate i has the interval [estimate_i - 2 c_i, estimate_i + 2 c_i]. The
    last estimate whose interval meets the intersection of all before it is selected: as long as
    they overlap, no bias is to be seen, and the later one varies less.

    Args:
        estimates: from the least biased to the most, that is from the widest to the narrowest.
        widths: half width of each estimate's confidence interval around its expectation.

    >>> slope([1.0, 1.1, 3.0], [0.5, 0.2, 0.1])
    1
    """
    if not estimates or len(estimates) != len(widths):
        raise InputError(
            f"estimates: expected as many as widths and at least one, got {len(estimates)} and "
            f"{len(widths)}"
        )
    low, high, chosen = -np.inf, np.inf, 0
    for i, (estimate, width) in enumerate(zip(estimates, widths, strict=True)):
        low, high = max(low, estimate - 2 * width), min(high, estimate + 2 * width)
        if low > high:
            break
        chosen = i
    return chosen


def choose_threshold(thresholds: Sequence[float], terms_at: Callable[[float], Terms]) -> float:
    """The threshold that SLOPE selects, with one standard error as the half width.

    Args:
        thresholds: from the least biased, which is the largest for a clip, a switch and a
            shrinkage, to the most biased.
        terms_at: terms of the estimator at a threshold.
    """
    terms = [terms_at(threshold) for threshold in thresholds]
    widths = [_DEVIATIONS * standard_error(influences(value)) for value in terms]
    return thresholds[slope([value.estimate for value in terms], widths)]


def threshold_grid(weights: FloatArray, count: int = 10) -> list[float]:
    """Candidate thresholds of weights [N], from the largest weight down to 1 in equal ratios."""
    top = float(weights.max())
    if top <= 1:
        return [max(top, np.finfo(np.float64).tiny)]
    return [float(value) for value in np.geomspace(top, 1.0, count)]
