"""Whether a log can tell what a policy is worth: effective sample, support, weights."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.slates import slate_rows

QUANTILES = (0.5, 0.9, 0.99, 0.999, 1.0)
_ERRORS = 5.0
_MEAN_SLACK = 0.01


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """How well a log covers a target policy.

    Attributes:
        decisions: number of weights.
        effective_sample: (sum w)^2 / sum w^2.
        mean_weight: 1 in expectation where the log plays whatever the target plays.
        mean_weight_error: its standard error.
        unsupported: share of the target's probability on actions that the log never plays; nan
            where the target is known for the logged actions only.
        quantiles: level -> quantile of the weights.
    """

    decisions: int
    effective_sample: float
    mean_weight: float
    mean_weight_error: float
    unsupported: float
    quantiles: Mapping[float, float]


def effective_sample(weights: FloatArray) -> float:
    """Kish's (1965) effective sample size of weights [N]; 0 where all are 0."""
    squares = (weights**2).sum()
    return float(weights.sum() ** 2 / squares) if squares else 0.0


def unsupported_share(
    log: LoggedDecisions, target: FloatArray, support: BoolArray | None = None
) -> float:
    """Mean probability of the target on actions that the log never plays.

    Args:
        log: the decisions.
        target: [N, A] probabilities; [N] gives nan.
        support: [A] or [N, A] where the logging policy has a probability above 0; None takes the
            actions that appear in the log, at any decision.
    """
    if target.ndim != 2:
        return float("nan")
    if support is None:
        support = np.bincount(log.actions, minlength=target.shape[1]) > 0
    if support.shape not in (target.shape, target.shape[1:]):
        raise InputError(
            f"support: expected shape {list(target.shape)} or {list(target.shape[1:])}, got "
            f"{list(support.shape)}"
        )
    beyond = target[:, ~support] if support.ndim == 1 else target[~support]
    return float(beyond.sum() / len(target))


def unsupported_reach(log: LoggedDecisions, share: float, rewards: tuple[float, float]) -> float:
    """How far the part of the target that the log never plays may move the value.

    Args:
        log: the decisions.
        share: of the target's probability, as `unsupported_share` returns it.
        rewards: smallest and largest possible reward.
    """
    if not share > 0:
        return 0.0
    low, high = rewards
    length = int(slate_rows(log)[1].max()) + 1 if log.has_slates else 1
    return share * length * max(abs(low), abs(high), high - low)


def diagnose(weights: FloatArray, unsupported: float = float("nan")) -> Diagnostics:
    """Diagnostics of weights [N] of decisions or slates."""
    levels = np.quantile(weights, QUANTILES)
    error = weights.std(ddof=1) / np.sqrt(len(weights)) if len(weights) > 1 else np.nan
    return Diagnostics(
        decisions=len(weights),
        effective_sample=effective_sample(weights),
        mean_weight=float(weights.mean()),
        mean_weight_error=float(error),
        unsupported=unsupported,
        quantiles=dict(zip(QUANTILES, map(float, levels), strict=True)),
    )


def require_support(
    diagnostics: Diagnostics, *, minimum: float = 100, max_unsupported: float = 0.0
) -> None:
    """Refuses a policy that the log cannot tell about.

    Args:
        diagnostics: of the policy on the log.
        minimum: smallest effective sample.
        max_unsupported: largest share of the target's probability that the log may lack.

    Raises:
        InputError: the target plays what the log never plays; the effective sample is too small;
            or the mean weight is more than five standard errors (and 0.01) from 1, as where
            propensities are wrong or the log lacks actions at some decisions only.
    """
    if diagnostics.unsupported > max_unsupported:
        raise InputError(
            f"target: {100 * diagnostics.unsupported:.3g} % of its probability lies on actions "
            f"that the log never plays, at most {100 * max_unsupported:.3g} % is allowed; evaluate "
            "a policy within the log's actions, set max_unsupported to widen the intervals by "
            "that share or, in Python, support if the logging policy could have played them"
        )
    if diagnostics.effective_sample < minimum:
        raise InputError(
            f"target: the log of {diagnostics.decisions:,} carries an effective sample of "
            f"{diagnostics.effective_sample:.1f}, expected at least {minimum:g}; log more, or "
            "evaluate a policy closer to the logged one"
        )
    gap = abs(diagnostics.mean_weight - 1)
    lacking = 0.0 if np.isnan(diagnostics.unsupported) else diagnostics.unsupported
    if gap > lacking + max(_ERRORS * diagnostics.mean_weight_error, _MEAN_SLACK):
        raise InputError(
            f"propensities: expected weights with a mean of 1, got {diagnostics.mean_weight:.3f} "
            f"with a standard error of {diagnostics.mean_weight_error:.3f}; propensities are "
            "wrong, or the target plays actions that the log cannot play there"
        )
