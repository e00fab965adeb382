"""Estimators of a policy's value from single logged decisions.

Notation: of N decisions, decision i has action a_i, reward r_i and importance weight
w_i = pi(a_i | x_i) / p_i, the target policy's probability over the logged propensity. A reward
model predicts q(x, a); q_i is its prediction of the logged action and v_i = sum_a pi(a | x_i)
q(x_i, a) its value of the target policy.

All return `Terms`, one a decision; intervals come after (`recsys.evaluation.off_policy.intervals`).
"""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.log import LoggedDecisions, importance_weights, of_logged_action


@dataclass(frozen=True, eq=False)
class Terms:
    """An estimate as the ratio of two sums: values over weights.

    Attributes:
        values: [U] one a decision or a slate.
        weights: [U] ones, but for self-normalised estimators.
        units: [U] what is independent, as customers.
        noise: [U] with mean 0, what the fit of a reward model adds to the error of each value
            (`recsys.evaluation.off_policy.model_noise`); None where it is not known.
    """

    values: FloatArray
    weights: FloatArray
    units: IntArray
    noise: FloatArray | None = None

    @property
    def estimate(self) -> float:
        """The value of the policy; nan where all weights are 0."""
        total = self.weights.sum()
        return float(self.values.sum() / total) if total else float("nan")

    @property
    def noisy_values(self) -> FloatArray:
        """[U] values whose spread is that of the estimate, the model's noise included."""
        return self.values if self.noise is None else self.values + self.noise

    @property
    def influence(self) -> FloatArray:
        """[U] what each decision or slate adds to the estimate's error, by the delta method."""
        parts = self.noisy_values - self.estimate * self.weights
        return np.asarray(parts / self.weights.sum())


def mean_terms(values: FloatArray, units: IntArray) -> Terms:
    """Terms of an estimate that is a plain mean of values [U]."""
    return Terms(values, np.ones(len(values)), units)


def logged_value(log: LoggedDecisions) -> Terms:
    """What the logging policy itself earned: the mean reward."""
    return mean_terms(log.rewards, log.units)


def ips(log: LoggedDecisions, target: FloatArray) -> Terms:
    """Inverse propensity scoring (Horvitz and Thompson, 1952): mean of w_i r_i.

    Unbiased where the log plays whatever the target plays.
    """
    return mean_terms(importance_weights(log, target) * log.rewards, log.units)


def clipped_ips(log: LoggedDecisions, target: FloatArray, *, cap: float) -> Terms:
    """IPS with capped weights (Ionides, 2008): mean of min(w_i, cap) r_i.

    Its bias is bounded by `clipping_bias_bound`.
    """
    _require_positive("cap", cap)
    weights = np.minimum(importance_weights(log, target), cap)
    return mean_terms(weights * log.rewards, log.units)


def clipping_bias_bound(
    log: LoggedDecisions,
    target: FloatArray,
    *,
    cap: float,
    reward_range: tuple[float, float] | None = None,
) -> float:
    """Bound of the absolute bias of `clipped_ips`, estimated from the log.

    The bias is E[(min(w, cap) - w) r], so that |bias| <= max |r| E[(w - cap)+]. As E[w] = 1, the
    expectation is 1 - E[min(w, cap)] (Bottou et al., 2013, section 4.4), whose mean over the log
    is not made of rare large weights. It also counts what the log never plays.

    Args:
        log: the decisions.
        target: [N] or [N, A] probabilities.
        cap: largest weight kept.
        reward_range: smallest and largest possible reward; None takes those of the log.
    """
    low, high = reward_range or log.reward_range
    cut = 1 - np.minimum(importance_weights(log, target), cap).mean()
    return float(max(abs(low), abs(high)) * max(cut, 0.0))


def snips(log: LoggedDecisions, target: FloatArray) -> Terms:
    """Self-normalised IPS (Swaminathan and Joachims, 2015): sum of w_i r_i over sum of w_i.

    Consistent; biased by an order of 1 / N. A constant added to all rewards adds to the value.
    """
    weights = importance_weights(log, target)
    return Terms(weights * log.rewards, weights, log.units)


def direct_method(log: LoggedDecisions, target: FloatArray, predictions: FloatArray) -> Terms:
    """Mean of v_i, what the reward model predicts (Beygelzimer and Langford, 2009).

    As biased as the model is; its interval leaves that bias out.

    Args:
        log: the decisions.
        target: [N, A] probabilities.
        predictions: [N, A] expected rewards, made without the decision's own reward
            (`recsys.evaluation.off_policy.cross_fitting.cross_fitted`).
    """
    return mean_terms(model_value(target, predictions), log.units)


def doubly_robust(log: LoggedDecisions, target: FloatArray, predictions: FloatArray) -> Terms:
    """Mean of v_i + w_i (r_i - q_i) (Dudik, Langford and Li, 2011).

    Unbiased where propensities are right and predictions are made without the decision's own
    reward; the better the model, the smaller the variance. Arguments as for `direct_method`.
    """
    return _corrected(log, target, predictions, importance_weights(log, target))


def switch_dr(
    log: LoggedDecisions, target: FloatArray, predictions: FloatArray, *, threshold: float
) -> Terms:
    """Mean of v_i + w_i 1(w_i <= threshold) (r_i - q_i) (Wang, Agarwal and Dudik, 2017).

    Trusts the reward model where weights are large. Arguments as for `direct_method`.
    """
    weights = switched(importance_weights(log, target), threshold)
    return _corrected(log, target, predictions, weights)


def dr_shrinkage(
    log: LoggedDecisions, target: FloatArray, predictions: FloatArray, *, shrinkage: float
) -> Terms:
    """DR with optimistic shrinkage (Su, Dimakopoulou, Krishnamurthy and Dudik, 2020).

    Mean of v_i + s_i (r_i - q_i) with s_i = shrinkage w_i / (w_i^2 + shrinkage), which is at most
    sqrt(shrinkage) / 2. It is the direct method at 0 and doubly robust at infinity. Arguments as
    for `direct_method`.
    """
    weights = shrunk(importance_weights(log, target), shrinkage)
    return _corrected(log, target, predictions, weights)


def switched(weights: FloatArray, threshold: float) -> FloatArray:
    """Weights [N], those above the threshold set to 0."""
    _require_positive("threshold", threshold)
    return np.where(weights <= threshold, weights, 0.0)


def shrunk(weights: FloatArray, shrinkage: float) -> FloatArray:
    """Weights [N] shrunk to shrinkage w / (w^2 + shrinkage)."""
    if not shrinkage >= 0:
        raise InputError(f"shrinkage: expected a number from 0, got {shrinkage}")
    if np.isinf(shrinkage):
        return weights
    with np.errstate(invalid="ignore"):  # 0 / 0 where both are 0
        return np.where(weights > 0, shrinkage * weights / (weights**2 + shrinkage), 0.0)


def model_value(target: FloatArray, predictions: FloatArray) -> FloatArray:
    """[N] v_i, the model's value of the target policy, from two tables [N, A].

    Raises:
        InputError: the target is not known for all actions, or shapes differ.
    """
    if target.ndim != 2:
        raise InputError(
            "target: estimators with a reward model need probabilities of all actions [N, A], got "
            "those of the logged action only; use ips, clipped_ips or snips"
        )
    if predictions.shape != target.shape:
        raise InputError(
            f"predictions: expected shape {list(target.shape)} as the target's, got "
            f"{list(predictions.shape)}"
        )
    return np.asarray(np.einsum("ij,ij->i", target, predictions))


def corrected(
    value: FloatArray, residuals: FloatArray, weights: FloatArray, units: IntArray
) -> Terms:
    """Terms v_i + s_i (r_i - q_i).

    Args:
        value: [N] v_i, as `model_value` returns it.
        residuals: [N] r_i - q_i.
        weights: [N] s_i, which for doubly robust are the importance weights.
        units: [N] what is independent.
    """
    return mean_terms(value + weights * residuals, units)


def _corrected(
    log: LoggedDecisions, target: FloatArray, predictions: FloatArray, weights: FloatArray
) -> Terms:
    value = model_value(target, predictions)
    residuals = log.rewards - of_logged_action(log, predictions)
    return corrected(value, residuals, weights, log.units)


def _require_positive(name: str, value: float) -> None:
    if not value > 0:
        raise InputError(f"{name}: expected a number above 0, got {value}")
