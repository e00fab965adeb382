"""What a policy is worth: every estimator with its interval, or a refusal."""

from collections.abc import Mapping, Sequence

from recsys.arrays import BoolArray, FloatArray
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.evaluation.off_policy import named
from recsys.evaluation.off_policy.bernstein import (
    bernstein_interval,
    known_reward_range,
    ranges_of_terms,
)
from recsys.evaluation.off_policy.cross_fitting import CrossFitted, fit_rewards
from recsys.evaluation.off_policy.diagnostics import (
    Diagnostics,
    diagnose,
    require_support,
    unsupported_reach,
    unsupported_share,
)
from recsys.evaluation.off_policy.estimators import (
    Terms,
    clipping_bias_bound,
    logged_value,
)
from recsys.evaluation.off_policy.intervals import (
    Method,
    bootstrap_intervals,
    check_resampling,
    normal_interval,
)
from recsys.evaluation.off_policy.log import LoggedDecisions, check_target, importance_weights
from recsys.evaluation.off_policy.named import Marginals, Thresholds
from recsys.evaluation.off_policy.policy_value import Estimate, PolicyValue
from recsys.evaluation.off_policy.reward_models import RewardModel
from recsys.evaluation.off_policy.slates import logged_slate_value
from recsys.evaluation.off_policy.terms_by_name import terms_by_name
from recsys.evaluation.off_policy.thresholds import bias_against

_METHODS = ("bootstrap", "normal", "bernstein")


def evaluate_policy(
    log: LoggedDecisions,
    target: FloatArray,
    *,
    estimators: Sequence[str] | None = None,
    reward_model: RewardModel | CrossFitted | FloatArray | None = None,
    context: FloatArray | None = None,
    folds: int = 5,
    thresholds: Thresholds | None = None,
    reward_range: tuple[float, float] | None = None,
    weight_bound: float | None = None,
    interval: Method = "bootstrap",
    resamples: int = 1000,
    level: float = 0.95,
    minimum_effective: float = 100,
    max_unsupported: float = 0.0,
    support: BoolArray | None = None,
    marginals: Marginals | None = None,
    seed: int = 0,
) -> PolicyValue:
    """Estimates what a policy would have earned on logged decisions.

    Args:
        log: the decisions; with slate_ids the estimators of slates are used.
        target: [N, A] probability of each action under the policy, or [N] of the logged action; in
            a log of slates given the actions above.
        estimators: names among `named.OF_DECISIONS` or `named.OF_SLATES`; None takes all that the
            target and the interval allow.
        reward_model: fitted across folds of customers; or `fitted` of another policy's value on
            this log; or expected rewards [N, A], made without the decision's own reward; None takes
            the mean of each action.
        context: [N, D] features of the decisions for the reward model.
        folds: parts of the log for the reward model.
        thresholds: caps and the like; those not set are chosen by the log.
        reward_range: smallest and largest possible reward, to which predictions are clipped; None
            takes those of the log and clips nothing.
        weight_bound: largest weight possible, for interval="bernstein".
        interval: "bootstrap" over customers, "normal" or "bernstein".
        resamples: of the bootstrap.
        level: confidence.
        minimum_effective: smallest effective sample; below it an estimator is refused.
        max_unsupported: largest share of the target's probability on actions that the log never
            plays; where it is allowed, intervals are widened by that share of the reward range.
        support: [A] or [N, A] where the logging policy has a probability above 0, if known.
        marginals: for independent_ips, two arrays [N]: marginal probability of the logged action at
            its position under the target and under the logging policy; None where positions are
            chosen independently.
        seed: of folds and resampling.

    Returns:
        The estimates; prints as a table, `.frame()` is a DataFrame.

    Raises:
        InputError: an argument cannot be used, or the log carries none of the estimators.
    """
    if interval not in _METHODS:
        raise InputError(f"interval: expected {', '.join(_METHODS)}, got {interval!r}")
    check_resampling(level, resamples)
    rewards = known_reward_range(log, reward_range, is_required=interval == "bernstein")
    probabilities = check_target(log, target)
    names = named.resolve(log, probabilities, estimators)
    settings = thresholds or Thresholds()
    if estimators is None and interval == "bernstein":
        with_interval = set(names) - {"snips", "dm"}
        names = tuple(name for name in names if name in with_interval and settings.is_fixed(name))
    share = unsupported_share(log, probabilities, support)
    checked, refused = _diagnosed(
        log, probabilities, names, share,
        marginals=marginals, minimum=minimum_effective, max_unsupported=max_unsupported,
    )  # fmt: skip
    if not checked:
        raise InputError(next(iter(refused.values())))
    fitted = None
    if set(checked) & set(named.WITH_MODEL):
        fitted = fit_rewards(
            log, probabilities, reward_model,
            context=context, folds=folds, reward_range=reward_range, seed=seed,
        )  # fmt: skip
    terms, chosen = terms_by_name(log, probabilities, tuple(checked), fitted, settings, marginals)
    ranges = (
        ranges_of_terms(log, terms, settings, rewards, weight_bound)
        if interval == "bernstein"
        else {}
    )
    intervals = _intervals(terms, interval, ranges, resamples=resamples, level=level, seed=seed)
    bounds = _bias_bounds(log, probabilities, fitted, terms, chosen, rewards)
    slack = unsupported_reach(log, share, rewards)
    logged = logged_slate_value(log) if log.has_slates else logged_value(log)
    return PolicyValue(
        logged=normal_interval(logged, level=level),
        estimates={
            name: Estimate(
                interval=_widened(intervals[name], slack),
                diagnostics=checked[name],
                threshold=chosen.get(name, float("nan")),
                bias_bound=bounds.get(name, float("nan")),
            )
            for name in terms
        },
        refused=refused,
        level=level,
        method=interval,
        fitted=fitted,
        recommended=named.recommended(tuple(terms), fitted),
    )


def _diagnosed(
    log: LoggedDecisions,
    target: FloatArray,
    names: Sequence[str],
    share: float,
    *,
    marginals: Marginals | None,
    minimum: float,
    max_unsupported: float,
) -> tuple[dict[str, Diagnostics], dict[str, str]]:
    """Diagnostics of the estimators that the log carries, and why it does not carry the others."""
    checked, refused = {}, {}
    shared = None if log.has_slates else diagnose(importance_weights(log, target), share)
    for name in names:
        try:
            diagnostics = shared or diagnose(named.weights_of(name, log, target, marginals), share)
            require_support(diagnostics, minimum=minimum, max_unsupported=max_unsupported)
            checked[name] = diagnostics
        except InputError as error:
            refused[name] = str(error)
    return checked, refused


def _intervals(
    terms: Mapping[str, Terms],
    method: Method,
    ranges: Mapping[str, tuple[float, float]],
    *,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Interval]:
    if method == "bootstrap":
        return bootstrap_intervals(terms, resamples=resamples, level=level, seed=seed)
    if method == "normal":
        return {name: normal_interval(value, level=level) for name, value in terms.items()}
    return {
        name: bernstein_interval(value, ranges[name], level=level) for name, value in terms.items()
    }


def _bias_bounds(
    log: LoggedDecisions,
    target: FloatArray,
    fitted: CrossFitted | None,
    terms: Mapping[str, Terms],
    chosen: Mapping[str, float],
    rewards: tuple[float, float],
) -> dict[str, float]:
    """How large the bias of each biased estimator of single decisions may be."""
    bounds = {}
    if "clipped_ips" in terms:
        cap = chosen["clipped_ips"]
        bounds["clipped_ips"] = clipping_bias_bound(log, target, cap=cap, reward_range=rewards)
    biased = [name for name in ("dm", "switch_dr", "dr_shrinkage") if name in terms]
    if biased:
        dr = terms if "dr" in terms else terms_by_name(log, target, ["dr"], fitted, Thresholds())[0]
        unbiased = dr["dr"]
        bounds |= {name: bias_against(unbiased, terms[name]) for name in biased}
    return bounds


def _widened(interval: Interval, reach: float) -> Interval:
    return Interval(interval.mean, interval.low - reach, interval.high + reach, interval.customers)
