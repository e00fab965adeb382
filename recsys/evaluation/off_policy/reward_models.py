"""Reward models: the expected reward of each action in a context.

A reward model is any object with `fit` as in `RewardModel`;
`recsys.evaluation.off_policy.cross_fitting` fits it on other customers than it predicts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError

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


def _with_intercept(context: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(context)), context])
