"""Two policies on one log: which is worth more, and how surely."""

from collections.abc import Mapping

from recsys.arrays import BoolArray, FloatArray
from recsys.evaluation.intervals import percentiles
from recsys.evaluation.off_policy import named
from recsys.evaluation.off_policy.cross_fitting import CrossFitted, fit_rewards
from recsys.evaluation.off_policy.diagnostics import (
    diagnose,
    require_support,
    unsupported_reach,
    unsupported_share,
)
from recsys.evaluation.off_policy.estimators import Terms, logged_value
from recsys.evaluation.off_policy.intervals import check_resampling, resampled_estimates
from recsys.evaluation.off_policy.log import LoggedDecisions, check_target
from recsys.evaluation.off_policy.named import Thresholds
from recsys.evaluation.off_policy.reward_models import RewardModel
from recsys.evaluation.off_policy.slates import logged_slate_value
from recsys.evaluation.off_policy.terms_by_name import terms_by_name
from recsys.evaluation.paired import Difference, verdict_of


def compare_policies(
    log: LoggedDecisions,
    first: FloatArray,
    second: FloatArray | None = None,
    *,
    estimator: str = "snips",
    reward_model: RewardModel | CrossFitted | FloatArray | None = None,
    context: FloatArray | None = None,
    folds: int = 5,
    thresholds: Thresholds | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    minimum_effective: float = 100,
    max_unsupported: float = 0.0,
    support: BoolArray | None = None,
    marginals: tuple[FloatArray, FloatArray, FloatArray] | None = None,
    seed: int = 0,
) -> Difference:
    """Paired bootstrap over customers of the value of the first policy less that of the second.

    Both are estimated on the same resamples with the same reward model, so that what a decision
    says about both cancels. A threshold that is not set is chosen for each policy by the log.

    Args:
        log: the decisions.
        first: [N, A] or [N] probabilities of the first policy, as for `evaluate_policy`.
        second: the same of the second; None for the logging policy, which is worth its mean reward.
        estimator: name among `named.OF_DECISIONS` or `named.OF_SLATES`.
        reward_model: as for `evaluate_policy`; for `cascade_dr` it is fitted for each policy.
        context: [N, D] features for the reward model.
        folds: parts of the log for the reward model.
        thresholds: caps and the like.
        resamples: of the bootstrap.
        level: confidence.
        minimum_effective: smallest effective sample of either policy.
        max_unsupported: largest share of either policy's probability on actions that the log never
            plays; where it is allowed, the interval is widened by both shares of the reward range.
        support: [A] or [N, A] where the logging policy has a probability above 0, if known.
        marginals: for independent_ips, three arrays [N]: marginal probability of the logged action
            at its position under the first, the second and the logging policy; None where positions
            are chosen independently.
        seed: of folds and resampling.

    Returns:
        "win" where the whole interval lies above zero, "loss" where below, else "tie".

    Raises:
        InputError: an argument cannot be used, or the log does not carry a policy.
    """
    check_resampling(level, resamples)
    terms: dict[str, Terms] = {}
    model, slack = reward_model, 0.0
    for number, (name, values) in enumerate((("first", first), ("second", second))):
        if values is None:
            terms[name] = logged_slate_value(log) if log.has_slates else logged_value(log)
            continue
        of_both = None if marginals is None else (marginals[number], marginals[2])
        target = check_target(log, values, name)
        names = named.resolve(log, target, [estimator])
        share = unsupported_share(log, target, support)
        weights = named.weights_of(estimator, log, target, of_both)
        require_support(
            diagnose(weights, share), minimum=minimum_effective, max_unsupported=max_unsupported
        )
        slack += unsupported_reach(log, share, log.reward_range)
        fitted = None
        if estimator in named.WITH_MODEL:
            fitted = fit_rewards(
                log, target, model,
                context=context, folds=folds, reward_range=None, seed=seed,
            )  # fmt: skip
        made, _ = terms_by_name(log, target, names, fitted, thresholds or Thresholds(), of_both)
        terms[name] = made[estimator]
        if not log.has_slates and fitted is not None:
            model = fitted
    return paired_value(terms, resamples=resamples, level=level, slack=slack, seed=seed)


def paired_value(
    terms: Mapping[str, Terms],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    slack: float = 0.0,
    seed: int = 0,
) -> Difference:
    """Difference of two estimates, first less second, on shared resamples of customers.

    Args:
        terms: of two estimates on the same decisions or slates.
        resamples: number of resamples.
        level: confidence.
        slack: by which the interval is widened on both sides.
        seed: of the resampling.
    """
    first, second = terms.values()
    draws, customers = resampled_estimates(terms, resamples=resamples, seed=seed)
    low, high = percentiles(draws[:, :1] - draws[:, 1:], level, customers)
    ends = float(low[0]) - slack, float(high[0]) + slack
    return Difference(first.estimate - second.estimate, *ends, verdict_of(*ends))
