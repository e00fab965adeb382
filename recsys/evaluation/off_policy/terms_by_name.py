"""The terms of estimators by their names, and the thresholds that the data choose for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from recsys.arrays import FloatArray
from recsys.evaluation.off_policy import estimators as single
from recsys.evaluation.off_policy import slates
from recsys.evaluation.off_policy.cross_fitting import CrossFitted
from recsys.evaluation.off_policy.estimators import Terms
from recsys.evaluation.off_policy.log import LoggedDecisions, importance_weights
from recsys.evaluation.off_policy.model_noise import Noise, noise_of_fit
from recsys.evaluation.off_policy.named import SETTINGS, Marginals, Thresholds
from recsys.evaluation.off_policy.thresholds import choose_threshold, threshold_grid

_RESIDUAL_WEIGHTS: Mapping[str, Callable[[FloatArray, float], FloatArray]] = {
    "dm": lambda weights, _: np.zeros(len(weights)),
    "dr": lambda weights, _: weights,
    "switch_dr": single.switched,
    "dr_shrinkage": single.shrunk,
}
"""Estimator -> s of its terms v + s (r - q), from weights [N] and a threshold."""


def terms_by_name(
    log: LoggedDecisions,
    target: FloatArray,
    names: Sequence[str],
    fitted: CrossFitted | None,
    thresholds: Thresholds,
    marginals: Marginals | None = None,
) -> tuple[dict[str, Terms], dict[str, float]]:
    """Terms of each estimator, and the thresholds of those that have one.

    Args:
        log: the decisions.
        target: [N] or [N, A] probabilities.
        names: as `named.resolve` returns them.
        fitted: the reward model and its predictions; None where no estimator needs them.
        thresholds: settings; those that are None are chosen by `choose_threshold`.
        marginals: for independent_ips.
    """
    make = _makers(log, target, fitted, marginals)
    noise = noise_of_fit(log, target, fitted)
    weights = np.empty(0) if log.has_slates else importance_weights(log, target)
    terms, chosen = {}, {}
    for name in names:
        grid = [np.nan]
        if name in SETTINGS:
            setting = thresholds.of(name)
            grid = _grid(name, weights) if setting is None else [setting]
        candidates = [make[name](value) for value in grid]
        if noise is not None and name in _RESIDUAL_WEIGHTS:
            candidates = _with_noise(
                candidates, noise, [_RESIDUAL_WEIGHTS[name](weights, value) for value in grid]
            )
        at = choose_threshold(candidates)
        terms[name] = candidates[at]
        if name in SETTINGS:
            chosen[name] = grid[at]
    return terms, chosen


def _makers(
    log: LoggedDecisions,
    target: FloatArray,
    fitted: CrossFitted | None,
    marginals: Marginals | None,
) -> Mapping[str, Callable[[float], Terms]]:
    """Estimator -> function of its threshold that makes its terms."""
    of_target, of_logging = marginals or (None, None)
    q = np.empty((0, 0)) if fitted is None else fitted.predictions
    return {
        "ips": lambda _: single.ips(log, target),
        "clipped_ips": lambda cap: single.clipped_ips(log, target, cap=cap),
        "snips": lambda _: single.snips(log, target),
        "dm": lambda _: single.direct_method(log, target, q),
        "dr": lambda _: single.doubly_robust(log, target, q),
        "switch_dr": lambda tau: single.switch_dr(log, target, q, threshold=tau),
        "dr_shrinkage": lambda by: single.dr_shrinkage(log, target, q, shrinkage=by),
        "slate_ips": lambda _: slates.slate_ips(log, target),
        "independent_ips": lambda _: slates.independent_ips(
            log, target, marginal_target=of_target, marginal_propensities=of_logging
        ),
        "cascade_ips": lambda _: slates.cascade_ips(log, target),
        "cascade_dr": lambda _: slates.cascade_dr(log, target, q),
    }


def _with_noise(
    candidates: Sequence[Terms], noise: Noise, weights: Sequence[FloatArray]
) -> list[Terms]:
    columns = noise(np.column_stack(weights)).T
    return [replace(value, noise=column) for value, column in zip(candidates, columns, strict=True)]


def _grid(name: str, weights: FloatArray) -> list[float]:
    grid = threshold_grid(weights)
    if name == "dr_shrinkage":
        return [np.inf, *(value**2 for value in grid), 0.0]
    return grid
