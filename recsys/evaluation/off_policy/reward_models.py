"""Reward models: the expected reward of each action in a context.

A reward model is any object with `fit` as in `RewardModel`;
`recsys.evaluation.off_policy.cross_fitting` fits it on other customers than it predicts. Models
that are linear in the rewards also tell how an estimate moves with each (`LinearRewardModel`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

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


ImpliedWeights: TypeAlias = Callable[[FloatArray], FloatArray]
"""A function of weights [N, M] of residuals that returns implied weights [N, M] of rewards."""


@runtime_checkable
class LinearRewardModel(RewardModel, Protocol):
    """A reward model whose predictions are linear in the rewards that it is fitted on."""

    def implied_weights(
        self, actions: IntArray, context: FloatArray, target: FloatArray
    ) -> ImpliedWeights:
        """The weight of each reward in an estimate, by way of the fitted predictions q.

        With s one column of weights, reward j moves the mean over i of v_i - s_i q(x_i, a_i) by
        1 / N of its implied weight. Those of s = 0 are the weights that the direct method gives to
        the rewards (Chattopadhyay and Zubizarreta, 2023).

        Args:
            actions: [N] logged actions, on which the model is fitted.
            context: [N, D] features.
            target: [N, A] probabilities, with v_i the mean of q(x_i, .) under them.
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

    def implied_weights(
        self, actions: IntArray, context: FloatArray, target: FloatArray
    ) -> ImpliedWeights:
        """See `LinearRewardModel`; the context is not used."""
        n_actions = target.shape[1]
        count = np.bincount(actions, minlength=n_actions) + self.prior
        own = np.divide(len(actions), count, out=np.zeros(n_actions), where=count > 0)
        of_all = np.divide(self.prior, count, out=np.ones(n_actions), where=count > 0)
        chances = target.mean(axis=0)

        def implied(weights: FloatArray) -> FloatArray:
            gaps = np.repeat(chances[:, None], weights.shape[1], axis=1)  # [A, M]
            for action in range(n_actions):
                gaps[action] -= weights[actions == action].sum(axis=0) / len(actions)
            return np.asarray((gaps * own[:, None])[actions] + of_all @ gaps)

        return implied


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
        order, ends = _by_action(actions, n_actions)
        coefficients = np.empty((context.shape[1] + 1, n_actions))
        for action in range(n_actions):
            rows = order[ends[action] : ends[action + 1]]
            features = _with_intercept(context[rows])
            gram = features.T @ features + self.l2 * np.eye(features.shape[1])
            moment = features.T @ (rewards[rows] - mean)
            coefficients[:, action] = np.linalg.solve(gram, moment)
        return lambda rows: mean + coefficients[0] + rows @ coefficients[1:]

    def implied_weights(
        self, actions: IntArray, context: FloatArray, target: FloatArray
    ) -> ImpliedWeights:
        """See `LinearRewardModel`."""
        size, n_actions = target.shape
        order, ends = _by_action(actions, n_actions)
        features = _with_intercept(context)[order]
        wanted = target[order].T @ features  # [A, D + 1]
        parts = [features[ends[action] : ends[action + 1]] for action in range(n_actions)]
        grams = [part.T @ part for part in parts]
        penalty = self.l2 * np.eye(features.shape[1])

        def implied(weights: FloatArray) -> FloatArray:
            result = np.empty(weights.shape)
            of_all = np.zeros(weights.shape[1])
            for action, (part, gram) in enumerate(zip(parts, grams, strict=True)):
                rows = order[ends[action] : ends[action + 1]]
                gaps = wanted[action][:, None] - part.T @ weights[rows]  # [D + 1, M]
                pull = np.linalg.solve(gram + penalty, gaps)
                result[rows] = part @ pull
                # What the coefficients do not take up moves with the mean of all rewards.
                of_all += (gaps[0] - gram[0] @ pull) / size
            return result + of_all

        return implied


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


def _by_action(actions: IntArray, n_actions: int) -> tuple[IntArray, IntArray]:
    """[N] rows in order of their action, and [A + 1] where each action begins and ends there."""
    order = np.argsort(actions, kind="stable")
    return order, np.searchsorted(actions[order], np.arange(n_actions + 1))


def _with_intercept(context: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(context)), context])
