"""Intervals of estimates from their terms; customers, not decisions, are independent."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import stdtrit

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, by_customer, percentiles, resampled_sums
from recsys.evaluation.off_policy.estimators import Terms

Method: TypeAlias = Literal["bootstrap", "normal", "bernstein"]

_CELLS = 4_000_000
"""Counts of resamples x customers that are in memory at a time."""


def check_resampling(level: float, resamples: int) -> None:
    """Refuses a level outside 0 to 1, and resamples below 1, with an `InputError`."""
    if not 0 < level < 1:
        raise InputError(f"level: expected a number between 0 and 1, got {level}")
    if resamples < 1:
        raise InputError(f"resamples: expected a whole number of at least 1, got {resamples}")


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
    values = [value.noisy_values for value in terms.values()]
    weights = [value.weights for value in terms.values()]
    sums = by_customer(np.column_stack([*values, *weights]), units)  # [C, 2 M]
    drawn = resampled_sums(sums, resamples, seed, chunk=max(1, _CELLS // len(sums)))
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
    return by_customer(terms.influence[:, None], terms.units)[:, 0]


def standard_error(influence: FloatArray) -> float:
    """Standard error from the influences [C] of independent customers; nan for one customer."""
    count = len(influence)
    if count < 2:
        return float("nan")
    return float(np.sqrt(count / (count - 1) * (influence**2).sum()))
