"""Empirical-Bernstein intervals, which hold for any number of decisions, and what they need."""

from collections.abc import Mapping

import numpy as np

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, by_customer
from recsys.evaluation.off_policy.estimators import Terms
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.named import SETTINGS, Thresholds


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


def range_of_terms(
    name: str, rewards: tuple[float, float], threshold: float | None, weight_bound: float | None
) -> tuple[float, float]:
    """Smallest and largest value of a term of an estimator of single decisions.

    Args:
        name: of the estimator.
        rewards: smallest and largest reward and prediction.
        threshold: its cap, switch threshold or shrinkage.
        weight_bound: largest weight possible; None for no bound.
    """
    low, high = rewards
    bound = np.inf if weight_bound is None else weight_bound
    if threshold is not None:
        bound = min(bound, np.sqrt(threshold) / 2 if name == "dr_shrinkage" else threshold)
    if name in ("ips", "clipped_ips"):
        return min(0.0, low * bound), max(0.0, high * bound)
    reach = bound * (high - low)
    return low - reach, high + reach


def known_reward_range(
    log: LoggedDecisions, reward_range: tuple[float, float] | None, *, is_required: bool
) -> tuple[float, float]:
    """The reward range that is set, else that of the log.

    Raises:
        InputError: it is required and not set, or does not hold all rewards.
    """
    low, high = log.reward_range
    if reward_range is None:
        if is_required:
            raise InputError(
                f"reward_range: set it for interval=bernstein; the log's is {low:g} to {high:g}, "
                "and the smallest and largest possible reward must be known beforehand"
            )
        return low, high
    if not reward_range[0] <= low <= high <= reward_range[1]:
        raise InputError(
            f"reward_range: expected to hold all rewards, {low:g} to {high:g}, got "
            f"{reward_range[0]:g} to {reward_range[1]:g}"
        )
    return reward_range


def ranges_of_terms(
    log: LoggedDecisions,
    terms: Mapping[str, Terms],
    settings: Thresholds,
    rewards: tuple[float, float],
    weight_bound: float | None,
) -> dict[str, tuple[float, float]]:
    """Range of the terms of each estimator.

    Args:
        log: single decisions.
        terms: estimator -> terms.
        settings: thresholds, all set beforehand.
        rewards: smallest and largest possible reward.
        weight_bound: largest weight possible; None for no bound.

    Raises:
        InputError: an estimator has no such interval, or its threshold is to be chosen by data.
    """
    if log.has_slates:
        raise InputError("interval: bernstein is for single decisions; use bootstrap or normal")
    if "snips" in terms:
        raise InputError("interval: bernstein is not for snips, a ratio; use bootstrap or normal")
    if "dm" in terms:
        raise InputError(
            "interval: bernstein is not for dm, whose terms leave out the noise of its reward "
            "model; use bootstrap or normal"
        )
    for name in terms:
        if not settings.is_fixed(name):
            raise InputError(
                f"thresholds.{SETTINGS[name]}: set it; bernstein allows none chosen by data"
            )
    return {name: range_of_terms(name, rewards, settings.of(name), weight_bound) for name in terms}
