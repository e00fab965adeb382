"""What target policies would have earned on a log of decisions, with all that a page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.compare import compare_policies
from recsys.evaluation.off_policy.cross_fitting import CrossFitted
from recsys.evaluation.off_policy.evaluate_policy import evaluate_policy
from recsys.evaluation.off_policy.intervals import Method
from recsys.evaluation.off_policy.log import importance_weights
from recsys.evaluation.off_policy.policy_value import PolicyValue
from recsys.evaluation.off_policy.reward_models import ActionMean, ActionRidge, RewardModel
from recsys.evaluation.off_policy.slates import slate_weights
from recsys.evaluation.paired import Difference
from recsys.reports.off_policy.decision_log import EvaluatedLog
from recsys.reports.off_policy.targets import Target, aligned

REWARD_MODELS: Mapping[str, RewardModel] = {"mean": ActionMean(), "ridge": ActionRidge()}


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """How policies are evaluated; see `evaluate_policy` for what is not told here.

    Attributes:
        estimators: names; None takes all that the log and the target allow.
        reward_model: "mean" of each offer, or "ridge" on what makes a cell and on features.
    """

    estimators: Sequence[str] | None = None
    reward_model: str = "ridge"
    folds: int = 5
    interval: Method = "bootstrap"
    resamples: int = 1000
    level: float = 0.95
    minimum_effective: float = 100
    max_unsupported: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses an unknown reward model."""
        if self.reward_model not in REWARD_MODELS:
            raise InputError(
                f"reward_model: expected {' or '.join(REWARD_MODELS)}, got {self.reward_model!r}"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class PolicyReport:
    """One or two target policies on one log.

    Attributes:
        data: what the log is called.
        decisions: the log.
        targets: the policies.
        values: what each is worth.
        gains: what each is worth more than the logging policy, by its recommended estimator, paired
            on the log.
        compared_by: the estimator of the difference, which all policies have.
        difference: of the first less the second, paired on the log; None for one policy.
        settings: how they were evaluated.
    """

    data: str
    decisions: EvaluatedLog
    targets: Sequence[Target]
    values: Sequence[PolicyValue]
    gains: Sequence[Difference]
    compared_by: str
    difference: Difference | None
    settings: ReportSettings


def policy_report(
    data: str,
    decisions: EvaluatedLog,
    targets: Sequence[Target],
    settings: ReportSettings,
    features: FloatArray | None = None,
) -> PolicyReport:
    """Evaluates one policy, or two and their difference.

    Args:
        data: what the log is called.
        decisions: the log.
        targets: one or two policies.
        settings: of the evaluation.
        features: [N, D] of the decisions, for the reward model; None for none.

    Raises:
        InputError: the log does not carry a policy, or a setting cannot be used.
    """
    shared = aligned(targets, decisions.offers)
    context = decisions.flags if features is None else np.column_stack([decisions.flags, features])
    model: RewardModel | CrossFitted = REWARD_MODELS[settings.reward_model]
    values = []
    for target in shared:
        value = _value(decisions, target, settings, context, model)
        values.append(value)
        if value.fitted is not None and not decisions.log.has_slates:
            model = value.fitted
    compared_by = _shared_estimator(values)
    first = shared[0].probabilities
    second = [target.probabilities for target in shared[1:]]
    return PolicyReport(
        data=data,
        decisions=decisions,
        targets=shared,
        values=values,
        gains=[
            _difference(decisions, settings, context, model, value.recommended, each.probabilities)
            for each, value in zip(shared, values, strict=True)
        ],
        compared_by=compared_by,
        difference=(
            _difference(decisions, settings, context, model, compared_by, first, *second)
            if second
            else None
        ),
        settings=settings,
    )


def report_weights(report: PolicyReport) -> list[FloatArray]:
    """[U] importance weights of each target, one a decision or a slate."""
    log = report.decisions.log
    of = slate_weights if log.has_slates else importance_weights
    return [of(log, target.probabilities) for target in report.targets]


def _value(
    decisions: EvaluatedLog,
    target: Target,
    settings: ReportSettings,
    context: FloatArray,
    model: RewardModel | CrossFitted,
) -> PolicyValue:
    try:
        return evaluate_policy(
            decisions.log,
            target.probabilities,
            estimators=settings.estimators,
            reward_model=model,
            context=context,
            folds=settings.folds,
            interval=settings.interval,
            resamples=settings.resamples,
            level=settings.level,
            minimum_effective=settings.minimum_effective,
            max_unsupported=settings.max_unsupported,
            support=_support(decisions, target.probabilities),
            seed=settings.seed,
        )
    except InputError as error:
        raise InputError(_of_target(str(error), target)) from None


def _of_target(message: str, target: Target) -> str:
    """A refusal in the words of the command line: which of two policies, and what else to try."""
    key, _, rest = message.partition(": ")
    if key == "target":
        return f"target={target.name}: {rest}"
    if key == "propensities":
        return (
            f"target={target.name}: {message}, or cells hold so few decisions that they do not "
            "show what the log could play: set by= to fewer columns"
        )
    return message


def _support(decisions: EvaluatedLog, probabilities: FloatArray) -> BoolArray | None:
    """[N, A] offers of the cell; those of the target alone are never supported."""
    if probabilities.ndim == 1:
        return None
    beyond = probabilities.shape[1] - len(decisions.offers)
    return np.pad(decisions.support, ((0, 0), (0, beyond)))


def _shared_estimator(values: Sequence[PolicyValue]) -> str:
    """The estimator that is read where all policies have it, else the first that all have."""
    shared = [name for name in values[0].estimates if all(name in v.estimates for v in values)]
    if not shared:
        raise InputError("versus: the two policies share no estimator; set estimators= to one")
    readable = [value.recommended for value in values if value.recommended in shared]
    return readable[0] if readable else shared[0]


def _difference(
    decisions: EvaluatedLog,
    settings: ReportSettings,
    context: FloatArray,
    model: RewardModel | CrossFitted,
    estimator: str,
    first: FloatArray,
    second: FloatArray | None = None,
) -> Difference:
    return compare_policies(
        decisions.log,
        first,
        second,
        estimator=estimator,
        reward_model=model,
        context=context,
        folds=settings.folds,
        resamples=settings.resamples,
        level=settings.level,
        minimum_effective=settings.minimum_effective,
        max_unsupported=settings.max_unsupported,
        support=_support(decisions, first if first.ndim == 2 or second is None else second),
        seed=settings.seed,
    )
