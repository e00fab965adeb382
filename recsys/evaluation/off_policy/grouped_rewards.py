"""A reward model for each group of decisions, as each month where offers change with the month."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.off_policy.reward_models import (
    ActionRidge,
    ImpliedWeights,
    LinearRewardModel,
    Predict,
)


@dataclass(frozen=True)
class ByGroup:
    """One linear model for each value of the first column of the context.

    Where action 3 is another offer in each month, nothing that is learnt about it in one month
    holds in the next.

    Attributes:
        model: fitted on the other columns of each group; a value that no decision has when it is
            fitted is predicted by a model of all.
    """

    model: LinearRewardModel = field(default_factory=ActionRidge)

    def fit(
        self, actions: IntArray, rewards: FloatArray, context: FloatArray, n_actions: int
    ) -> Predict:
        """Fits a model for each group, and one of all."""
        of_all = self.model.fit(actions, rewards, context[:, 1:], n_actions)
        fitted = {
            group: self.model.fit(actions[rows], rewards[rows], context[rows, 1:], n_actions)
            for group, rows in _groups(context)
        }

        def predict(contexts: FloatArray) -> FloatArray:
            result = np.empty((len(contexts), n_actions))
            for group, rows in _groups(contexts):
                result[rows] = fitted.get(group, of_all)(contexts[rows, 1:])
            return result

        return predict

    def implied_weights(
        self, actions: IntArray, context: FloatArray, target: FloatArray
    ) -> ImpliedWeights:
        """See `LinearRewardModel`; a reward has weight in its own group only."""
        parts = [
            (rows, self.model.implied_weights(actions[rows], context[rows, 1:], target[rows]))
            for _, rows in _groups(context)
        ]

        def implied(weights: FloatArray) -> FloatArray:
            result = np.empty(weights.shape)
            for rows, of_group in parts:
                result[rows] = of_group(weights[rows])
            return result

        return implied


def _groups(context: FloatArray) -> Iterator[tuple[float, IntArray]]:
    """Each value of the first column, with its rows."""
    values, group = np.unique(context[:, 0], return_inverse=True)
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(len(values) + 1))
    for number, value in enumerate(values):
        yield float(value), order[ends[number] : ends[number + 1]]
