"""Estimators of the value of a policy that chooses slates; a slate's value is its sum of rewards.

Notation: slate i has positions k = 1..K_i with rewards r_ik and weights w_ik = pi / p, both
conditional on the actions above position k. The cumulative weight is W_ik = w_i1 ... w_ik. Slates
may differ in length. A value is a mean over slates.
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.estimators import Terms, mean_terms, model_value
from recsys.evaluation.off_policy.log import (
    LoggedDecisions,
    importance_weights,
    of_logged_action,
)


def slate_ips(log: LoggedDecisions, target: FloatArray) -> Terms:
    """Standard IPS: mean over slates of W_iK sum_k r_ik.

    Assumes nothing about how a customer reads a slate. Weights multiply over the whole slate, so
    that the variance grows fast with its length.
    """
    weights, rewards = _tables(log, target)
    return mean_terms(weights.prod(axis=1) * rewards.sum(axis=1), slate_units(log))


def independent_ips(
    log: LoggedDecisions,
    target: FloatArray,
    *,
    marginal_target: FloatArray | None = None,
    marginal_propensities: FloatArray | None = None,
) -> Terms:
    """Independent IPS (Li et al., 2018): mean over slates of sum_k m_ik r_ik.

    m_ik is the ratio of the marginal probabilities of the action at position k, whatever stands
    above it. Unbiased where the reward of a position depends on its own action only.

    Args:
        log: the decisions.
        target: [N] or [N, A] probabilities given the actions above.
        marginal_target: [N] marginal probability of the logged action at its position under the
            target policy; None where positions are chosen independently: those of `target`.
        marginal_propensities: [N] the same under the logging policy; None for the log's.
    """
    weights = marginal_weights(log, target, marginal_target, marginal_propensities)
    return mean_terms(by_slate(log, weights * log.rewards, 0.0).sum(axis=1), slate_units(log))


def marginal_weights(
    log: LoggedDecisions,
    target: FloatArray,
    marginal_target: FloatArray | None,
    marginal_propensities: FloatArray | None,
) -> FloatArray:
    """[N] weights of single positions; arguments as for `independent_ips`.

    Raises:
        InputError: only one array is given, or values are no probabilities, or 0 was logged.
    """
    if marginal_target is None and marginal_propensities is None:
        return importance_weights(log, target)
    for name, low, values in (
        ("target", "from 0", marginal_target),
        ("propensities", "above 0", marginal_propensities),
    ):
        array = np.asarray(values, np.float64)
        if array.shape != (len(log),):
            raise InputError(
                f"marginal_{name}: expected shape [{len(log)}], got {list(array.shape)}; give the "
                "marginals of both policies or none"
            )
        bad = np.flatnonzero(~((array > 0 if low == "above 0" else array >= 0) & (array <= 1)))
        if len(bad):
            raise InputError(
                f"marginal_{name}: expected a probability {low} to 1, got {array[bad[0]]} in "
                f"row {bad[0]}"
            )
    return np.asarray(np.asarray(marginal_target) / marginal_propensities)


def cascade_ips(log: LoggedDecisions, target: FloatArray) -> Terms:
    """Reward-interaction IPS (McInerney et al., 2020): mean over slates of sum_k W_ik r_ik.

    Unbiased where customers read from the top: a reward depends on its own action and those above.
    """
    weights, rewards = _tables(log, target)
    return mean_terms((np.cumprod(weights, axis=1) * rewards).sum(axis=1), slate_units(log))


def cascade_dr(log: LoggedDecisions, target: FloatArray, predictions: FloatArray) -> Terms:
    """Cascade doubly robust (Kiyohara et al., 2022).

    Mean over slates of sum_k W_i(k-1) v_ik + W_ik (r_ik - q_ik), where q_ik predicts the reward of
    position k and of all below it given the actions down to k, and v_ik is its mean under the
    target policy. Unbiased as `cascade_ips` is, with a smaller variance.

    Args:
        log: the decisions.
        target: [N, A] probabilities given the actions above.
        predictions: [N, A] q of each action at the row's position
            (`recsys.evaluation.off_policy.cross_fitting.cross_fitted_slates`).
    """
    weights, rewards = _tables(log, target)
    values = by_slate(log, model_value(target, predictions), 0.0)
    logged = by_slate(log, of_logged_action(log, predictions), 0.0)
    cumulative = np.cumprod(weights, axis=1)
    above = np.column_stack([np.ones(len(weights)), cumulative[:, :-1]])
    terms = above * values + cumulative * (rewards - logged)
    return mean_terms(terms.sum(axis=1), slate_units(log))


def draws_without_replacement(log: LoggedDecisions, target: FloatArray) -> bool:
    """Whether a target [N, A] never repeats an action of a slate, so that positions depend.

    False where no slate has two positions, or only the logged action's probability is known.
    """
    if target.ndim == 1:
        return False
    rows = by_slate(log, np.arange(len(log), dtype=np.float64), -1.0).astype(np.int64)
    is_repeated, pairs = False, 0
    for below in range(1, rows.shape[1]):
        for above in range(below):
            reached = rows[rows[:, below] >= 0]
            chances = target[reached[:, below], log.actions[reached[:, above]]]
            is_repeated |= bool((chances > 0).any())
            pairs += len(reached)
    return pairs > 0 and not is_repeated


def logged_slate_value(log: LoggedDecisions) -> Terms:
    """What the logging policy itself earned a slate."""
    return mean_terms(by_slate(log, log.rewards, 0.0).sum(axis=1), slate_units(log))


def slate_weights(log: LoggedDecisions, target: FloatArray) -> FloatArray:
    """[S] weight of each whole slate, in the order of their ids."""
    return np.asarray(by_slate(log, importance_weights(log, target), 1.0).prod(axis=1))


def slate_rows(log: LoggedDecisions) -> tuple[IntArray, IntArray]:
    """[N] row and [N] column of each logged row in a table of slates x positions.

    Raises:
        InputError: the log has no slates.
    """
    if log.slate_ids is None or log.positions is None:
        raise InputError("log.slate_ids: estimators of slates need slate_ids and positions")
    _, rows = np.unique(log.slate_ids, return_inverse=True)
    return rows, log.positions - log.positions.min()


def by_slate(log: LoggedDecisions, values: FloatArray, fill: float) -> FloatArray:
    """[S, K] values [N] by slate, in the order of their ids, and position; `fill` after the end."""
    rows, columns = slate_rows(log)
    table = np.full((int(rows.max()) + 1, int(columns.max()) + 1), fill)
    table[rows, columns] = values
    return table


def slate_units(log: LoggedDecisions) -> IntArray:
    """[S] the independent unit of each slate, in the order of slate ids: customers or slates."""
    rows, columns = slate_rows(log)
    first = np.flatnonzero(columns == 0)
    return log.units[first[np.argsort(rows[first])]]


def _tables(log: LoggedDecisions, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    """[S, K] weights and [S, K] rewards; 1 and 0 after the end of a slate."""
    weights = by_slate(log, importance_weights(log, target), 1.0)
    return weights, by_slate(log, log.rewards, 0.0)
