"""The area under the ROC curve, with DeLong's intervals; paired, and among equals."""

import numpy as np
from scipy.special import expit, logit, ndtri

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.intervals import Interval
from recsys.evaluation.paired import Difference, verdict_of

_MOST_ERROR = 0.25
"""Variance of a share of a single one, where the sample does not tell it."""


def auc(scores: FloatArray, is_positive: BoolArray, level: float = 0.95) -> Interval:
    """Probability that a positive scores higher than another; equal scores count half.

    The variance is that of DeLong, DeLong and Clarke-Pearson (1988), in linearithmic time as by Sun
    and Xu (2014); the interval is symmetric in log-odds, so that it stays within 0 and 1.

    Args:
        scores: [n] higher is more likely positive.
        is_positive: [n].
        level: confidence.

    Returns:
        nan of no positive or no other; its `customers` are n.
    """
    return _interval(*_moments(scores, is_positive), len(scores), level)


def auc_difference(
    a: FloatArray, b: FloatArray, is_positive: BoolArray, level: float = 0.95
) -> Difference:
    """AUC of scores a less that of scores b of the same customers, paired (DeLong et al.).

    Args:
        a: [n] scores.
        b: [n] scores.
        is_positive: [n].
        level: confidence.
    """
    above = [first - second for first, second in zip(
        placements(a, is_positive), placements(b, is_positive), strict=True)]  # fmt: skip
    mean = float(above[0].mean()) if len(above[0]) else np.nan
    half = float(ndtri(0.5 + level / 2)) * float(np.sqrt(sum(map(_squared_error, above))))
    return Difference(mean, mean - half, mean + half, verdict_of(mean - half, mean + half))


def auc_among_equals(
    scores: FloatArray, is_positive: BoolArray, strata: IntArray, level: float = 0.95
) -> Interval:
    """As `auc`, where a positive is compared with others of its own stratum alone.

    It is the mean over positives, so that strata count by them; a stratum without positives or
    without others is left out. The variance is DeLong's with that of positives across strata.

    Args:
        scores: [n].
        is_positive: [n].
        strata: [n] which customers are equals.
        level: confidence.
    """
    parts = []
    for stratum in np.unique(strata):
        inside = strata == stratum
        if not is_positive[inside].all() and is_positive[inside].any():
            parts.append(placements(scores[inside], is_positive[inside]))
    if not parts:
        return Interval(np.nan, np.nan, np.nan, 0)
    above = np.concatenate([part[0] for part in parts])
    of_others = sum(
        (len(first) / len(above)) ** 2 * min(_squared_error(second), _MOST_ERROR)
        for first, second in parts
    )
    used = sum(len(first) + len(second) for first, second in parts)
    return _interval(float(above.mean()), _squared_error(above) + of_others, used, level)


def placements(scores: FloatArray, is_positive: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Share of the others below each positive [n1], and of positives above each other [n0]."""
    values, code = np.unique(scores, return_inverse=True)
    counts = [
        np.bincount(code[part], minlength=len(values)) for part in (~is_positive, is_positive)
    ]
    # Halves of equal ones, in the order of values.
    others_below, positives_below = (np.cumsum(count) - count / 2 for count in counts)
    return (
        others_below[code[is_positive]] / max(int(counts[0].sum()), 1),
        1 - positives_below[code[~is_positive]] / max(int(counts[1].sum()), 1),
    )


def _moments(scores: FloatArray, is_positive: BoolArray) -> tuple[float, float]:
    """The area and the variance of its estimate."""
    if is_positive.all() or not is_positive.any():
        return np.nan, np.nan
    parts = placements(scores, is_positive)
    return float(parts[0].mean()), sum(map(_squared_error, parts))


def _squared_error(values: FloatArray) -> float:
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else np.inf


def _interval(mean: float, squared: float, count: int, level: float) -> Interval:
    if np.isnan(mean):
        return Interval(np.nan, np.nan, np.nan, 0)
    if not 0 < mean < 1:
        return Interval(mean, mean, mean, count)
    half = float(ndtri(0.5 + level / 2)) * np.sqrt(squared) / (mean * (1 - mean))
    low, high = expit(logit(mean) - half), expit(logit(mean) + half)
    return Interval(mean, float(low), float(high), count)
