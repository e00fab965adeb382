"""Softmax exploration, also called Boltzmann exploration."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.errors import InputError
from recsys.policy.exploration.slots import SlotPolicy, permitted


@dataclass(frozen=True)
class Softmax(SlotPolicy):
    """Takes a candidate of value v with probability proportional to exp(v / temperature).

    Several slots follow the model of Plackett and Luce: each is drawn among what is left.

    Attributes:
        temperature: above 0, in the unit of the values; near 0 the best is nearly certain. A
            candidate whose value is more than 745 temperatures below the best is never chosen, as
            its probability is 0 in float64.

    Raises:
        InputError: the temperature is not a finite number above 0.
    """

    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.temperature < np.inf:
            raise InputError(
                f"exploration.temperature: expected a number above 0, got {self.temperature}"
            )

    def probabilities(self, values: FloatArray, mask: BoolArray | None = None) -> FloatArray:
        """[B, n] probability of each candidate for one slot, see `SlotPolicy`."""
        scores, allowed = permitted(values, mask)
        logits = np.where(allowed, scores, -np.inf)
        highest = logits.max(axis=1, keepdims=True, initial=-np.inf)
        below = logits - np.where(np.isfinite(highest), highest, 0.0)
        weights = np.exp(below / self.temperature)
        total = weights.sum(axis=1, keepdims=True)
        return np.asarray(weights / np.where(total > 0, total, 1.0))
