"""Choosing the clip, switch and shrinkage from the data."""

from collections.abc import Sequence

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.evaluation.intervals import by_customer
from recsys.evaluation.off_policy.estimators import Terms

_ERRORS = 2.0
_ROUNDING = 1e-12


def slope(estimates: FloatArray, reach: FloatArray) -> int:
    """Position of the estimate that SLOPE selects (Su, Srinath and Krishnamurthy, 2020).

    The paper gives estimate i the interval of +-2 c_i, c_i the half width of its confidence
    interval, and selects the last estimate up to which all intervals intersect: no bias is to be
    seen so far, and later estimates vary less. Intervals on a line intersect where each two of
    them do, that is where |estimate_i - estimate_j| <= 2 (c_i + c_j) = reach[i, j].

    Args:
        estimates: [M] from the least biased to the most, that is from the widest to the narrowest.
        reach: [M, M] by how much two estimates may differ.

    >>> slope(np.array([1.0, 1.1, 3.0]), np.full((3, 3), 0.5))
    1
    """
    if not len(estimates) or reach.shape != (len(estimates), len(estimates)):
        raise InputError(
            f"reach: expected a square of at least one estimate, got {list(reach.shape)} for "
            f"{len(estimates)} estimates"
        )
    apart = np.abs(estimates[:, None] - estimates) > reach
    first = np.flatnonzero(np.tril(apart).any(axis=1))
    return int(first[0]) - 1 if len(first) else len(estimates) - 1


def least_variance(estimates: FloatArray, variances: FloatArray, reach: FloatArray) -> int:
    """Position of the estimate with the smallest variance among those that show no bias.

    An estimate shows a bias where it is further from the unbiased first one than two standard
    errors of their difference (the test of Hausman, 1978).

    Args:
        estimates: [M] the first is unbiased.
        variances: [M] of each.
        reach: [M] by how much each may differ from the first.

    >>> least_variance(np.array([1.0, 1.1, 3.0]), np.array([3.0, 2.0, 1.0]), np.full(3, 0.5))
    1
    """
    shows_none = np.abs(estimates - estimates[0]) <= reach
    return int(np.argmin(np.where(shows_none, variances, np.inf)))


def choose_threshold(terms: Sequence[Terms]) -> int:
    """Position of the threshold that the data choose.

    Estimates of one log share their noise: two may differ by two standard errors of their
    difference, customers being independent. Where the terms hold the noise of the reward model's
    fit, these errors are right for any two, and `least_variance` chooses. Where they do not, those
    of far apart thresholds are too large, and `slope`, which compares each two, chooses; the
    paper's sum of widths, which knows nothing of the pairing, lets through biases of several
    standard errors.

    Args:
        terms: of an estimator at each threshold, from the least biased, which is the largest for a
            clip, a switch and a shrinkage, to the most biased.
    """
    if len(terms) == 1:
        return 0
    estimates = np.array([value.estimate for value in terms])
    variances, errors = _variances_and_errors(terms)
    if terms[0].noise is not None:
        return least_variance(estimates, variances, _ERRORS * errors[0])
    return slope(estimates, _ERRORS * errors)


def bias_against(unbiased: Terms, biased: Terms) -> float:
    """How large a bias may be: the distance to an unbiased estimate and two errors of it.

    Args:
        unbiased: terms of an unbiased estimate on the same log.
        biased: terms of the estimate in question.
    """
    error = float(_variances_and_errors([unbiased, biased])[1][0, 1])
    return abs(biased.estimate - unbiased.estimate) + _ERRORS * error


def threshold_grid(weights: FloatArray, count: int = 10) -> list[float]:
    """Candidate thresholds of weights [N], from the largest weight down to 1 in equal ratios."""
    top = float(weights.max())
    if top <= 1:
        return [max(top, np.finfo(np.float64).tiny)]
    return [float(value) for value in np.geomspace(top, 1.0, count)]


def _variances_and_errors(terms: Sequence[Terms]) -> tuple[FloatArray, FloatArray]:
    """[M] variances of estimates and [M, M] standard errors of their differences.

    By the delta method, customers being independent.
    """
    parts = np.column_stack([value.influence for value in terms])
    influence = by_customer(parts, terms[0].units)  # [C, M]
    products = influence.T @ influence * len(influence) / max(len(influence) - 1, 1)
    variances = np.diag(products)
    sums = variances[:, None] + variances
    return variances, np.sqrt(np.maximum(sums - 2 * products, _ROUNDING * sums))
