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
    with_model = _WithModel(log, target, fitted) if fitted is not None else None
    terms, chosen = {}, {}
    for name in names:
        grid = [np.nan]
        if name in SETTINGS:
            setting = thresholds.of(name)
            grid = _grid(name, of_logged / log.propensities) if setting is None else [setting]
        if name in _RESIDUAL_WEIGHTS and with_model is not None:
            candidates = with_model.terms(name, grid)
        else:
            candidates = [_without_model(name, log, of_logged, value) for value in grid]
        at = choose_threshold(candidates)
        terms[name] = candidates[at]
        if name in SETTINGS:
            chosen[name] = grid[at]
    return terms, chosen


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


class _WithModel:
    """Terms of the estimators with a reward model, which share what is costly.

    Args:
        log: single decisions.
        target: [N, A] probabilities.
        fitted: the reward model and its predictions.
    """

    def __init__(self, log: LoggedDecisions, target: FloatArray, fitted: CrossFitted) -> None:
        self.value = single.model_value(target, fitted.predictions)
        self.residuals = log.rewards - of_logged_action(log, fitted.predictions)
        self.weights, self.units = importance_weights(log, target), log.units
        self.noise = noise_of_fit(log, target, fitted)

    def terms(self, name: str, thresholds: Sequence[float]) -> list[Terms]:
        """Terms at each threshold, with the noise of the fit where it is known."""
        weights = [_RESIDUAL_WEIGHTS[name](self.weights, value) for value in thresholds]
        terms = [single.corrected(self.value, self.residuals, each, self.units) for each in weights]
        if self.noise is None:
            return terms
        columns = self.noise(np.column_stack(weights)).T
        return [replace(value, noise=column) for value, column in zip(terms, columns, strict=True)]


def _grid(name: str, weights: FloatArray) -> list[float]:
    grid = threshold_grid(weights)
    if name == "dr_shrinkage":
        return [np.inf, *(value**2 for value in grid), 0.0]
    return grid
