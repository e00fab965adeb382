"""Reward models: the expected reward of each action, predicted without the decision's own reward.

A reward model is any object with `fit` as in `RewardModel`. `cross_fitted` splits the log by
customer and predicts each part with a model of the others, so that the estimators' terms are not
made with their own outcome (Chernozhukov et al., 2018).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.off_policy.estimators import model_value
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.evaluation.off_policy.slates import slate_rows

Predict: TypeAlias = Callable[[FloatArray], FloatArray]
"""A function of contexts [M, D] that returns expected rewards [M, A] of all actions."""


class RewardModel(Protocol):
    """Learns expected rewards from logged decisions."""

    def fit(
        self, actions: IntArray, rewards: FloatArray, context: FloatArray, n_actions: int
    ) -> Predict:
        """Fits on n decisions.

        Args:
            actions: [n] from 0 to n_actions - 1; some may be absent.
            rewards: [n] numbers.
            context: [n, D] features of the decisions; D may be 0.
            n_actions: A.
        """
        ...


@dataclass(frozen=True)
class ActionMean:
    """The mean reward of each action; an action never played has the mean of all rewards.

    Attributes:
        prior: number of decisions with the mean reward that are added to each action.
    """

    prior: float = 0.0

    def fit(
        self, actions: IntArray, rewards: FloatArray, context: FloatArray, n_actions: int
    ) -> Predict:
        """Means; the context is not used."""
        mean = rewards.mean()
        count = np.bincount(actions, minlength=n_actions) + self.prior
        total = np.bincount(actions, rewards - mean, minlength=n_actions)
        means = mean + np.divide(total, count, out=np.zeros(n_actions), where=count > 0)
        return lambda rows: np.broadcast_to(means, (len(rows), n_actions))


@dataclass(frozen=True)
class ActionRidge:
    """A ridge regression of the context for each action (Hoerl and Kennard, 1970).

    It is one linear model on one-hot actions x (1, context). Coefficients are shrunk towards the
    mean of all rewards, so that an action never played predicts that mean.

    Attributes:
        l2: penalty of the squared coefficients, intercepts included; above 0.
    """

    l2: float = 1.0

    def __post_init__(self) -> None:
        if not self.l2 > 0:
            raise InputError(f"l2: expected a number above 0, got {self.l2}")

    def fit(
        self, actions: IntArray, rewards: FloatArray, context: FloatArray, n_actions: int
    ) -> Predict:
        """Solves the normal equations of each action."""
        mean = rewards.mean()
        order = np.argsort(actions, kind="stable")
        ends = np.searchsorted(actions[order], np.arange(n_actions + 1))
        coefficients = np.empty((context.shape[1] + 1, n_actions))
        for action in range(n_actions):
            rows = order[ends[action] : ends[action + 1]]
            features = _with_intercept(context[rows])
            gram = features.T @ features + self.l2 * np.eye(features.shape[1])
            moment = features.T @ (rewards[rows] - mean)
            coefficients[:, action] = np.linalg.solve(gram, moment)
        return lambda rows: mean + coefficients[0] + rows @ coefficients[1:]


@dataclass(frozen=True)
class Regressor:
    """Any scikit-learn regressor on the context beside one-hot actions.

    Attributes:
        make: returns a fresh regressor with `fit(X, y)` and `predict(X)`, as
            `lambda: HistGradientBoostingRegressor(random_state=0)`.
        features: function of contexts [n, D] and actions [n] that returns features [n, F]; None
            puts one-hot actions beside the context.
    """

    make: Callable[[], Any]
    features: Callable[[FloatArray, IntArray], FloatArray] | None = None

    def fit(
        self, actions: IntArray, rewards: FloatArray, context: FloatArray, n_actions: int
    ) -> Predict:
        """Fits one regressor for all actions; predicts action by action."""

        def table(rows: FloatArray, chosen: IntArray) -> FloatArray:
            if self.features is not None:
                return self.features(rows, chosen)
            return np.column_stack([rows, chosen[:, None] == np.arange(n_actions)])

        model = self.make()
        model.fit(table(context, actions), rewards)
        return lambda rows: np.column_stack(
            [model.predict(table(rows, np.full(len(rows), action))) for action in range(n_actions)]
        )


def folds_of(units: IntArray, folds: int, generator: np.random.Generator) -> IntArray:
    """[N] the fold of each row; rows of one unit share it, and folds differ by at most one unit.

    Args:
        units: [N] customers, or what else is independent.
        folds: K, from 2 to the number of units.
        generator: shuffles the units.

    Raises:
        InputError: fewer than two folds, or fewer units than folds.
    """
    ids, rows = np.unique(units, return_inverse=True)
    if not 2 <= folds <= len(ids):
        raise InputError(
            f"folds: expected 2 to {len(ids)}, the number of customers, got {folds}; a reward "
            "model predicts customers that it was not fitted on"
        )
    return (generator.permutation(len(ids)) % folds)[rows]


def cross_fitted(
    model: RewardModel,
    log: LoggedDecisions,
    *,
    n_actions: int,
    generator: np.random.Generator,
    context: FloatArray | None = None,
    folds: int = 5,
) -> FloatArray:
    """[N, A] expected rewards, each predicted by a model of other customers.

    Args:
        model: as `ActionMean()`.
        log: the decisions.
        n_actions: A.
        generator: draws the folds.
        context: [N, D] features of the decisions; None for none.
        folds: number of parts of the log.

    Raises:
        InputError: the context has another shape or gaps, or there are too few customers.
    """
    features = check_context(context, len(log))
    fold = folds_of(log.units, folds, generator)
    return _predicted_by_fold(model, log.actions, log.rewards, features, n_actions, fold)


def cross_fitted_slates(
    model: RewardModel,
    log: LoggedDecisions,
    target: FloatArray,
    *,
    generator: np.random.Generator,
    context: FloatArray | None = None,
    folds: int = 5,
) -> FloatArray:
    """[N, A] expected reward of an action's position and all below it, for `cascade_dr`.

    Fitted from the last position up (Kiyohara et al., 2022, without their importance weights): the
    label of position k is its reward plus the value of the target policy at position k + 1, as the
    model of that position predicts it. A fold of customers is left out of all positions at once.

    Args:
        model: as `ActionMean()`.
        log: slates.
        target: [N, A] probabilities given the actions above.
        generator: draws the folds.
        context: [N, D] features of the rows, which may tell the actions above; None for none.
        folds: number of parts of the log.
    """
    features = check_context(context, len(log))
    fold = folds_of(log.units, folds, generator)
    slate, column = slate_rows(log)
    predictions = np.empty(target.shape)
    for k in range(folds):
        # Labels come from models without this fold, so that nothing of it returns from below.
        below = np.zeros(slate.max() + 1)
        for position in range(column.max(), -1, -1):
            rows = np.flatnonzero(column == position)
            train = rows[fold[rows] != k]
            _require_rows(len(train), position)
            labels = log.rewards[train] + below[slate[train]]
            predict = model.fit(log.actions[train], labels, features[train], target.shape[1])
            scores = predict(features[rows])
            below[slate[rows]] = model_value(target[rows], scores)
            inside = fold[rows] == k
            predictions[rows[inside]] = scores[inside]
    return predictions


def check_context(context: FloatArray | None, size: int) -> FloatArray:
    """[N, D] the context as float64, [N, 0] for None. Raises `InputError` where it has gaps."""
    if context is None:
        return np.empty((size, 0))
    features = np.asarray(context, np.float64)
    if features.ndim != 2 or len(features) != size:
        raise InputError(f"context: expected shape [{size}, features], got {list(features.shape)}")
    bad = np.argwhere(~np.isfinite(features))
    if len(bad):
        row, column = bad[0]
        raise InputError(
            f"context: expected finite numbers, got {features[row, column]} in row {row}, column "
            f"{column}; fill gaps first"
        )
    return features


def _predicted_by_fold(
    model: RewardModel,
    actions: IntArray,
    rewards: FloatArray,
    context: FloatArray,
    n_actions: int,
    fold: IntArray,
) -> FloatArray:
    predictions = np.empty((len(actions), n_actions))
    for k in range(fold.max() + 1):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        predict = model.fit(actions[train], rewards[train], context[train], n_actions)
        predictions[test] = predict(context[test])
    return predictions


def _require_rows(count: int, position: int) -> None:
    if not count:
        raise InputError(
            f"folds: position {position} is reached by customers of one fold only; use fewer "
            "folds or leave out the few long slates"
        )


def _with_intercept(context: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(context)), context])
