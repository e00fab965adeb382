"""Aliases of customers: the sessions seen under them, and when the firm links them."""

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
    """Aliases of the N customers of a chunk, at most two each; arrays [N, 2].

    Attributes:
        exists: bool, whether the customer has this alias.
        kind: position in `names.ALIAS_KINDS`.
        linked: market seconds when the firm learned whose alias it is.
        confidence: of the link, 0 to 1.
    """

    exists: BoolArray
    kind: IntArray
    linked: IntArray
    confidence: FloatArray

    def of_sessions(self, customer: IntArray, rng: np.random.Generator) -> IntArray:
        """[n] the alias, 0 or 1, under which sessions of customers [n] are seen; -1 for the id."""
        which = rng.integers(0, 2, len(customer))
        is_alias = self.exists[customer, which] & (rng.random(len(customer)) < SEEN_BY_ALIAS)
        return np.where(is_alias, which, -1)


def aliases(count: int, rng: np.random.Generator) -> Aliases:
    """Draws the aliases of `count` customers; nine in ten are linked by the end of July."""
    has_alias = rng.random(count) < ALIASED
    has_second = has_alias & (rng.random(count) < SECOND_ALIAS)
    early = rng.random((count, 2)) < LINKED_EARLY
    linked_by = EARLY_DAYS * calendar.DAY
    kind = rng.integers(0, len(ALIAS_KINDS), (count, 2))
    # The second alias is of another kind than the first.
    kind[:, 1] = (kind[:, 0] + 1 + kind[:, 1] % 2) % len(ALIAS_KINDS)
    return Aliases(
        exists=np.stack([has_alias, has_second], axis=1),
        kind=kind,
        linked=np.where(
            early,
            rng.integers(0, linked_by, (count, 2)),
            rng.integers(linked_by, calendar.END, (count, 2)),
        ),
        confidence=np.round(1 - 0.4 * rng.beta(1.5, 5, (count, 2)), 3),
    )
