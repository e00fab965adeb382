"""Intervals of estimates from their terms; customers, not decisions, are independent."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import stdtrit

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, by_customer, draw_counts, percentiles
from recsys.evaluation.off_policy.estimators import Terms

Method: TypeAlias = Literal["bootstrap", "normal", "bernstein"]

_CELLS = 4_000_000
"""Counts of resamples x customers that are in memory at a time."""


def bootstrap_intervals(
    terms: Mapping[str, Terms], *, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> dict[str, Interval]:
    """Percentile intervals over customers; all estimates share one set of resamples.

    The statistic is the ratio of resampled sums, so that a self-normalised estimate is normalised
    anew in each resample. The tails are widened for few customers
    (`recsys.evaluation.intervals.percentiles`).

    Args:
        terms: name -> terms of the same decisions or slates, with the same units.
        resamples: number of resamples.
        level: confidence, as 0.95.
        seed: of the resampling.
    """
    draws, customers = resampled_estimates(terms, resamples=resamples, seed=seed)
    low, high = percentiles(draws, level, customers)
    return {
        name: Interval(terms[name].estimate, float(low[i]), float(high[i]), customers)
        for i, name in enumerate(terms)
    }


def resampled_estimates(
    terms: Mapping[str, Terms], *, resamples: int, seed: int
) -> tuple[FloatArray, int]:
    """[resamples, M] estimates of resampled customers, and the number of customers."""
    units = next(iter(terms.values())).units
    values = [value.values for value in terms.values()]
    weights = [value.weights for value in terms.values()]
    sums = by_customer(np.column_stack([*values, *weights]), units)  # [C, 2 M]
    generator = np.random.default_rng(seed)
    drawn = np.empty((resamples, sums.shape[1]))
    chunk = max(1, _CELLS // len(sums))
    for start in range(0, resamples, chunk):
        rows = min(chunk, resamples - start)
        drawn[start : start + rows] = draw_counts(generator, rows, len(sums)) @ sums
    with np.errstate(invalid="ignore"):  # a resample without any weight has no estimate
        return drawn[:, : len(values)] / drawn[:, len(values) :], len(sums)


def normal_interval(terms: Terms, *, level: float = 0.95) -> Interval:
    """Asymptotic interval by Student's distribution; a ratio's variance by the delta method.

    With R the estimate and W the mean weight, each decision influences the estimate by
    (value - R weight) / W; the influences of one customer are summed.

    Args:
        terms: of the estimate.
        level: confidence.
    """
    influence = influences(terms)
    count = len(influence)
    error = standard_error(influence)
    reach = float(stdtrit(max(count - 1, 1), (1 + level) / 2)) * error
    return Interval(terms.estimate, terms.estimate - reach, terms.estimate + reach, count)


def influences(terms: Terms) -> FloatArray:
    """[C] what each customer adds to the estimate's error; they sum to 0."""
    total = terms.weights.sum()
    parts = (terms.values - terms.estimate * terms.weights) / total
    return by_customer(parts[:, None], terms.units)[:, 0]


def standard_error(influence: FloatArray) -> float:
    """Standard error from the influences [C] of independent customers; nan for one customer."""
    count = len(influence)
    if count < 2:
        return float("nan")
    return float(np.sqrt(count / (count - 1) * (influence**2).sum()))


def bernstein_interval(
    terms: Terms, term_range: tuple[float, float], *, level: float = 0.95
) -> Interval:
    """Empirical-Bernstein interval (Maurer and Pontil, 2009, theorem 11); holds for any N.

    For independent X_1..X_C in [0, 1] with mean M and sample variance V, with probability 1 - d
    each: E M <= M + sqrt(2 V ln(2 / d) / C) + 7 ln(2 / d) / (3 (C - 1)), and the same below. Both
    ends take d = (1 - level) / 2. X is a customer's sum of terms, scaled by the largest number of
    decisions of a customer.

    Args:
        terms: of an estimate that is a plain mean.
        term_range: smallest and largest value that a term could take, known beforehand.
        level: confidence of both ends together.

    Raises:
        InputError: the estimate is a ratio, the range is not known, or a term lies outside.
    """
    if (terms.weights != 1).any():
        raise InputError(
            "interval: bernstein needs an estimate that is a plain mean, got a self-normalised "
            "one; use interval=bootstrap or normal for snips"
        )
    low, high = term_range
    if not np.isfinite([low, high]).all() or low >= high:
        raise InputError(
            f"term_range: expected two finite ends, the lower first, got {low} and {high}; set "
            "weight_bound and reward_range"
        )
    slack = 1e-9 * (high - low)
    if terms.values.min() < low - slack or terms.values.max() > high + slack:
        raise InputError(
            f"term_range: expected all terms in {low:g} to {high:g}, got {terms.values.min():g} to "
            f"{terms.values.max():g}; widen reward_range or weight_bound"
        )
    amounts = by_customer(np.column_stack([terms.values - low, terms.weights]), terms.units)
    count, largest = len(amounts), amounts[:, 1].max()
    if count < 2:
        return Interval(terms.estimate, float("nan"), float("nan"), count)
    scaled = amounts[:, 0] / (largest * (high - low))
    logarithm = np.log(4 / (1 - level))
    reach = np.sqrt(2 * scaled.var(ddof=1) * logarithm / count)
    reach += 7 * logarithm / (3 * (count - 1))
    width = float(reach * largest * (high - low) * count / len(terms.values))
    return Interval(
        terms.estimate,
        max(terms.estimate - width, low),
        min(terms.estimate + width, high),
        count,
    )
