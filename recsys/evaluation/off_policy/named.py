"""Estimators by name: their terms, the thresholds chosen for them, the weights they rest on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.evaluation.off_policy import estimators as single
from recsys.evaluation.off_policy import slates
from recsys.evaluation.off_policy.diagnostics import effective_sample
from recsys.evaluation.off_policy.estimators import Terms
from recsys.evaluation.off_policy.log import LoggedDecisions, importance_weights
from recsys.evaluation.off_policy.thresholds import choose_threshold, threshold_grid

Marginals: TypeAlias = tuple[FloatArray, FloatArray]
"""[N] marginal probabilities of the logged action at its position: target, logging policy."""

OF_DECISIONS = ("ips", "clipped_ips", "snips", "dm", "dr", "switch_dr", "dr_shrinkage")
OF_SLATES = ("slate_ips", "independent_ips", "cascade_ips", "cascade_dr")
WITH_MODEL = ("dm", "dr", "switch_dr", "dr_shrinkage", "cascade_dr")
RECOMMENDED = "dr"
"""Unbiased whatever the reward model: no bias that is as large as the noise stays unseen."""

SETTINGS = {
    "clipped_ips": "weight_cap",
    "switch_dr": "switch_threshold",
    "dr_shrinkage": "shrinkage",
}
"""Estimator -> its attribute of `Thresholds`."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Settings of estimators; None chooses each by SLOPE from the log.

    Attributes:
        weight_cap: of clipped_ips.
        switch_threshold: of switch_dr.
        shrinkage: of dr_shrinkage.
    """

    weight_cap: float | None = None
    switch_threshold: float | None = None
    shrinkage: float | None = None

    def of(self, name: str) -> float | None:
        """The setting of an estimator; None where it has none or it is to be chosen."""
        setting: float | None = getattr(self, SETTINGS[name]) if name in SETTINGS else None
        return setting

    def is_fixed(self, name: str) -> bool:
        """Whether an estimator has no threshold, or one that is set."""
        return name not in SETTINGS or self.of(name) is not None


def resolve(
    log: LoggedDecisions, target: FloatArray, names: Sequence[str] | None
) -> tuple[str, ...]:
    """Names of estimators that fit the log and the target; None takes all of them.

    Raises:
        InputError: a name is unknown, or the estimator needs what the log or target lacks.
    """
    known = OF_SLATES if log.has_slates else OF_DECISIONS
    if names is None:
        return tuple(name for name in known if target.ndim == 2 or name not in WITH_MODEL)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        kind = "slates" if log.has_slates else "single decisions"
        raise InputError(
            f"estimators: expected names for {kind} among {', '.join(known)}, got "
            f"{', '.join(unknown) or 'none'}"
        )
    needs = [name for name in names if name in WITH_MODEL]
    if needs and target.ndim == 1:
        raise InputError(
            f"target: {', '.join(needs)} needs the probabilities of all actions [N, A], got those "
            "of the logged action only"
        )
    return tuple(dict.fromkeys(names))


def terms_by_name(
    log: LoggedDecisions,
    target: FloatArray,
    names: Sequence[str],
    predictions: FloatArray | None,
    thresholds: Thresholds,
    marginals: Marginals | None = None,
) -> tuple[dict[str, Terms], dict[str, float]]:
    """Terms of each estimator, and the thresholds of those that have one.

    Args:
        log: the decisions.
        target: [N] or [N, A] probabilities.
        names: as `resolve` returns them.
        predictions: [N, A] expected rewards; None where no estimator needs them.
        thresholds: settings; those that are None are chosen by SLOPE.
        marginals: for independent_ips.
    """
    marginal_target, marginal_propensities = marginals or (None, None)
    q = np.empty((0, 0)) if predictions is None else predictions
    plain: Mapping[str, Callable[[], Terms]] = {
        "ips": lambda: single.ips(log, target),
        "snips": lambda: single.snips(log, target),
        "dm": lambda: single.direct_method(log, target, q),
        "dr": lambda: single.doubly_robust(log, target, q),
        "slate_ips": lambda: slates.slate_ips(log, target),
        "independent_ips": lambda: slates.independent_ips(
            log,
            target,
            marginal_target=marginal_target,
            marginal_propensities=marginal_propensities,
        ),
        "cascade_ips": lambda: slates.cascade_ips(log, target),
        "cascade_dr": lambda: slates.cascade_dr(log, target, q),
    }
    tuned: Mapping[str, Callable[[float], Terms]] = {
        "clipped_ips": lambda cap: single.clipped_ips(log, target, cap=cap),
        "switch_dr": lambda tau: single.switch_dr(log, target, q, threshold=tau),
        "dr_shrinkage": lambda by: single.dr_shrinkage(log, target, q, shrinkage=by),
    }
    terms, chosen = {}, {}
    for name in names:
        if name in plain:
            terms[name] = plain[name]()
            continue
        setting = thresholds.of(name)
        if setting is None:
            setting = choose_threshold(_grid(name, log, target), tuned[name])
        terms[name], chosen[name] = tuned[name](setting), setting
    return terms, chosen


def weights_of(
    name: str, log: LoggedDecisions, target: FloatArray, marginals: Marginals | None = None
) -> FloatArray:
    """[U] the weights that an estimator rests on, one a decision or a slate.

    For `independent_ips` those of the position with the smallest effective sample.

    Raises:
        InputError: independent_ips needs marginals.
    """
    if not log.has_slates:
        return importance_weights(log, target)
    if name != "independent_ips":
        return slates.slate_weights(log, target)
    if marginals is None and slates.draws_without_replacement(log, target):
        raise InputError(
            "marginals: independent_ips needs them, as the target never repeats an action of a "
            "slate; give the marginal probabilities of both policies, or use cascade_ips"
        )
    weights = slates.marginal_weights(log, target, *(marginals or (None, None)))
    return min(slates.by_slate(log, weights, 1.0).T, key=effective_sample)


def _grid(name: str, log: LoggedDecisions, target: FloatArray) -> list[float]:
    grid = threshold_grid(importance_weights(log, target))
    if name == "dr_shrinkage":
        return [np.inf, *(value**2 for value in grid), 0.0]
    return grid
