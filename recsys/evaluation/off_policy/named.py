"""Estimators by name: which fit a log, their settings, and the weights they rest on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.evaluation.off_policy import slates
from recsys.evaluation.off_policy.cross_fitting import CrossFitted
from recsys.evaluation.off_policy.diagnostics import effective_sample
from recsys.evaluation.off_policy.log import LoggedDecisions, importance_weights
from recsys.evaluation.off_policy.reward_models import LinearRewardModel

Marginals: TypeAlias = tuple[FloatArray, FloatArray]
"""[N] marginal probabilities of the logged action at its position: target, logging policy."""

OF_DECISIONS = ("ips", "clipped_ips", "snips", "dm", "dr", "switch_dr", "dr_shrinkage")
OF_SLATES = ("slate_ips", "independent_ips", "cascade_ips", "cascade_dr")
WITH_MODEL = ("dm", "dr", "switch_dr", "dr_shrinkage", "cascade_dr")
_PREFERRED = ("dr_shrinkage", "dr", "snips", "cascade_dr", "cascade_ips", "slate_ips")

SETTINGS = {
    "clipped_ips": "weight_cap",
    "switch_dr": "switch_threshold",
    "dr_shrinkage": "shrinkage",
}
"""Estimator -> its attribute of `Thresholds`."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Settings of estimators; None lets the log choose each.

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


def recommended(names: Collection[str], fitted: CrossFitted | None) -> str:
    """The name of the estimator to read among those that a log carries.

    The data choose the shrinkage well where the noise of the reward model's fit is known, so that
    `dr_shrinkage` comes first there. Elsewhere `dr` does, which is unbiased whatever the model.

    Args:
        names: at least one.
        fitted: the reward model and its predictions; None where no estimator used one.
    """
    knows_noise = fitted is not None and isinstance(fitted.model, LinearRewardModel)
    order = _PREFERRED if knows_noise else _PREFERRED[1:]
    return next((name for name in order if name in names), next(iter(names)))


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
