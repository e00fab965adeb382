"""Which offers are held back in the moment of a session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.policy.compiled import checks


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentHold:
    """Holds offers back while a session is of a moment with at least some probability.

    Attributes:
        name: of the rule.
        moment: name of the moment.
        at_least: probability, 0 to 1.
        allowed: [O] bool offers that are made all the same.
    """

    name: str
    moment: str
    at_least: float
    allowed: BoolArray

    def __post_init__(self) -> None:
        checks.booleans(f"{self.name}.allowed", self.allowed, np.shape(self.allowed))
        checks.amounts(f"{self.name}.at_least", np.array([self.at_least], np.float64), 1)

    def holds(self, probabilities: Mapping[str, float]) -> bool:
        """Whether the rule holds in a session with these probabilities of the moments."""
        return probabilities.get(self.moment, 0.0) >= self.at_least


def first_held(
    rules: Sequence[MomentHold], probabilities: Mapping[str, float], offers: int
) -> IntArray:
    """[O] int64 position of the first rule that holds an offer back, -1 for none."""
    first = np.full(offers, -1, np.int64)
    for position in range(len(rules) - 1, -1, -1):
        if rules[position].holds(probabilities):
            first[~rules[position].allowed] = position
    return first
