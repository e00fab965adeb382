"""Other identities of a customer: which sessions carry them, and when the firm learns of it."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.names import ALIAS_KINDS

SEEN_BY_ALIAS = 0.35
ALIASED = 0.3
SECOND_ALIAS = 0.35
LINKED_EARLY = 0.9
EARLY_DAYS = 212


@dataclass(frozen=True, kw_only=True, eq=False)
class Aliases:
    """Other identities of the customers, at most two each; arrays [N, 2].

    Attributes:
        exists: bool.
        kind: position in `names.ALIAS_KINDS`.
        linked: market seconds when the firm learned of it.
        confidence: of the link, 0 to 1.
    """

    exists: BoolArray
    kind: IntArray
    linked: IntArray
    confidence: FloatArray

    def of_sessions(self, customer: IntArray, rng: np.random.Generator) -> IntArray:
        """[n] which alias a session was seen under, 0 or 1, or -1 for the customer id."""
        which = rng.integers(0, 2, len(customer))
        seen = self.exists[customer, which] & (rng.random(len(customer)) < SEEN_BY_ALIAS)
        return np.where(seen, which, -1)


def aliases(count: int, rng: np.random.Generator) -> Aliases:
    """Draws aliases; nine in ten are linked by the end of July, the others later."""
    has = rng.random(count) < ALIASED
    second = has & (rng.random(count) < SECOND_ALIAS)
    early = rng.random((count, 2)) < LINKED_EARLY
    linked_by = EARLY_DAYS * calendar.DAY
    kind = rng.integers(0, len(ALIAS_KINDS), (count, 2))
    # The second is of another kind than the first.
    kind[:, 1] = (kind[:, 0] + 1 + kind[:, 1] % 2) % len(ALIAS_KINDS)
    return Aliases(
        exists=np.stack([has, second], axis=1),
        kind=kind,
        linked=np.where(
            early,
            rng.integers(0, linked_by, (count, 2)),
            rng.integers(linked_by, calendar.END, (count, 2)),
        ),
        confidence=np.round(1 - 0.4 * rng.beta(1.5, 5, (count, 2)), 3),
    )
