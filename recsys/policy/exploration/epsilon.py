"""Epsilon-greedy: mostly the best candidate, sometimes any of them."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.errors import InputError
from recsys.policy.exploration.slots import SlotPolicy, permitted


@dataclass(frozen=True)
class Epsilon(SlotPolicy):
    """Takes the best candidate with probability 1 - epsilon, else one of the permitted uniformly.

    Of m permitted candidates the best has probability 1 - epsilon + epsilon / m, each other
    epsilon / m. Of equal values the first is the best. Epsilon 0 is the greedy policy.

    Attributes:
        epsilon: 0 to 1.

    Raises:
        InputError: epsilon is outside 0 to 1.
    """

    epsilon: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.epsilon <= 1:
            raise InputError(
                f"exploration.epsilon: expected a number from 0 to 1, got {self.epsilon}"
            )

    def probabilities(self, values: FloatArray, mask: BoolArray | None = None) -> FloatArray:
        """[B, n] probability of each candidate for one slot, see `SlotPolicy`."""
        scores, allowed = permitted(values, mask)
        count = allowed.sum(axis=1)
        chances: FloatArray = allowed * (self.epsilon / np.maximum(count, 1))[:, None]
        some = np.flatnonzero(count)
        best = np.where(allowed[some], scores[some], -np.inf).argmax(axis=1)
        chances[some, best] += 1 - self.epsilon
        return chances
