"""The terms of estimators by their names, and the thresholds that the data choose for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from recsys.arrays import FloatArray
from recsys.evaluation.off_policy import estimators as single
from recsys.evaluation.off_policy import slates
from recsys.evaluation.off_policy.cross_fitting import CrossFitted
from recsys.evaluation.off_policy.estimators import Terms
from recsys.evaluation.off_policy.log import LoggedDecisions, importance_weights, of_logged_action
from recsys.evaluation.off_policy.model_noise import noise_of_fit
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
    if log.has_slates:
        return {name: _of_slates(name, log, target, fitted, marginals) for name in names}, {}
    of_logged = of_logged_action(log, target)
    grids = {name: _grid(name, thresholds, of_logged / log.propensities) for name in names}
    candidates = {
        name: [_without_model(name, log, of_logged, value) for value in grid]
        for name, grid in grids.items()
        if name not in _RESIDUAL_WEIGHTS
    }
    if fitted is not None:
        of_model = {name: grid for name, grid in grids.items() if name in _RESIDUAL_WEIGHTS}
        candidates |= _with_model(log, target, fitted, of_model)
    at = {name: choose_threshold(candidates[name]) for name in names}
    terms = {name: candidates[name][at[name]] for name in names}
    return terms, {name: grids[name][at[name]] for name in names if name in SETTINGS}


def _of_slates(
    name: str,
    log: LoggedDecisions,
    target: FloatArray,
    fitted: CrossFitted | None,
    marginals: Marginals | None,
) -> Terms:
    if name == "slate_ips":
        return slates.slate_ips(log, target)
    if name == "cascade_ips":
        return slates.cascade_ips(log, target)
    if name == "cascade_dr" and fitted is not None:
        return slates.cascade_dr(log, target, fitted.predictions)
    of_target, of_logging = marginals or (None, None)
    return slates.independent_ips(
        log, target, marginal_target=of_target, marginal_propensities=of_logging
    )


def _without_model(
    name: str, log: LoggedDecisions, of_logged: FloatArray, threshold: float
) -> Terms:
    if name == "clipped_ips":
        return single.clipped_ips(log, of_logged, cap=threshold)
    return single.snips(log, of_logged) if name == "snips" else single.ips(log, of_logged)


def _with_model(
    log: LoggedDecisions,
    target: FloatArray,
    fitted: CrossFitted,
    grids: Mapping[str, Sequence[float]],
) -> dict[str, list[Terms]]:
    """Terms at each threshold of each estimator, with the noise of the fit where it is known."""
    value = single.model_value(target, fitted.predictions)
    residuals = log.rewards - of_logged_action(log, fitted.predictions)
    weights, units = importance_weights(log, target), log.units
    of_residuals = [
        _RESIDUAL_WEIGHTS[name](weights, threshold)
        for name, grid in grids.items()
        for threshold in grid
    ]
    terms = [single.corrected(value, residuals, each, units) for each in of_residuals]
    noise = noise_of_fit(log, target, fitted)
    if noise is not None:
        columns = noise(np.column_stack(of_residuals)).T
        terms = [replace(each, noise=column) for each, column in zip(terms, columns, strict=True)]
    every = iter(terms)
    return {name: [next(every) for _ in grid] for name, grid in grids.items()}


def _grid(name: str, thresholds: Thresholds, weights: FloatArray) -> list[float]:
    """The thresholds to choose from, from the least biased; one that counts for nothing if none."""
    if name not in SETTINGS:
        return [np.nan]
    setting = thresholds.of(name)
    if setting is not None:
        return [setting]
    grid = threshold_grid(weights)
    if name == "dr_shrinkage":
        return [np.inf, *(value**2 for value in grid), 0.0]
    return grid
