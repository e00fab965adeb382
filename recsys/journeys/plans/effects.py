"""After-effects of an offer on the odds of the next, in plain arrays."""

from dataclasses import dataclass, replace

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray

ACCEPTED, REJECTED, IGNORED = range(3)
"""Outcomes of a decision, in the order of `recsys.data.columns.OUTCOMES`."""

BANDS = (7, 30)
"""Days since the last offer: up to a week, up to a month. Later it tells nothing."""

CELLS = (3, len(BANDS), 2)
"""Outcome, band, and whether the touchpoint is another (0) or the same (1)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AfterEffects:
    """Edges of the journey graph: from an outcome at a touchpoint, after a wait, to an acceptance.

    Cells are numbered as `CELLS` flattened, 12 in all. An effect is added to the log-odds that a
    model gives the next offer. It is what the outcome tells, which is more than what it causes: who
    accepted likes offers.

    Attributes:
        log_odds: [12] float64.
        covariance: [12, 12] of them.
        decisions: [12] int64 that were seen in each cell.
        accepted: [12] int64 of them.
        refusals: [T] float64 probability that an offer which is not accepted is rejected.
    """

    log_odds: FloatArray
    covariance: FloatArray
    decisions: IntArray
    accepted: IntArray
    refusals: FloatArray

    @classmethod
    def none(cls, refusals: FloatArray) -> "AfterEffects":
        """Outcomes tell nothing: only the rules tie one step to the next."""
        size = int(np.prod(CELLS))
        counts = np.zeros(size, np.int64)
        return cls(
            log_odds=np.zeros(size),
            covariance=np.zeros((size, size)),
            decisions=counts,
            accepted=counts,
            refusals=refusals,
        )

    def silent(self) -> "AfterEffects":
        """The same without effects on the odds; what they may be still widens intervals."""
        return replace(self, log_odds=np.zeros_like(self.log_odds))

    def added(self, cells: IntArray) -> FloatArray:
        """[...] log-odds of cells [...], 0 for cell -1."""
        return np.append(self.log_odds, 0.0)[cells]

    def outcomes(self, accepts: FloatArray, touchpoints: IntArray) -> FloatArray:
        """[n, 3] probabilities of the outcomes of offers.

        Args:
            accepts: [n] probability of acceptance.
            touchpoints: [n] rows.
        """
        rejects = (1 - accepts) * self.refusals[touchpoints]
        return np.stack([accepts, rejects, 1 - accepts - rejects], axis=1)


def cells(outcomes: IntArray | int, days: FloatArray | float, same: BoolArray) -> IntArray:
    """[n] cell of each pair of offers, -1 where the wait is longer than a month.

    Args:
        outcomes: [n] or one, of the first offer.
        days: [n] or one, between the two.
        same: [n] whether they are at the same touchpoint.
    """
    band = np.searchsorted(BANDS, days)
    cell = (np.asarray(outcomes) * len(BANDS) + band) * 2 + same
    return np.where(band < len(BANDS), cell, -1)
