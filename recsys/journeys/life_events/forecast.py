"""A forecast of life events: cumulative incidence by week, and quantiles of the time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray

WEEK_DAYS = 7


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """The next life event of n customers.

    Attributes:
        names: [K] of the kinds.
        incidence: [n, W + 1, K] probability that the next event has happened by the end of week
            j and is of kind k; 0 in the first place.
    """

    names: Sequence[str]
    incidence: FloatArray

    @property
    def weeks(self) -> int:
        """How far it reaches."""
        return int(self.incidence.shape[1]) - 1

    def within(self, days: float) -> FloatArray:
        """[n, K] probability of each kind within some days, at most `weeks` weeks."""
        position = min(days / WEEK_DAYS, self.weeks)
        below = min(int(position), self.weeks - 1)
        step = self.incidence[:, below + 1] - self.incidence[:, below]
        return np.asarray(self.incidence[:, below] + (position - below) * step)

    def days(self, levels: Sequence[float], weeks: int) -> FloatArray:
        """Quantiles [n, L] of the days to the next event, if it comes within so many weeks.

        Args:
            levels: [L] between 0 and 1.
            weeks: at most `weeks` of the forecast.
        """
        some = self.incidence[:, : weeks + 1].sum(axis=2)
        share = some / np.maximum(some[:, -1:], 1e-300)
        quantiles = np.empty((len(share), len(levels)))
        for place, level in enumerate(levels):
            after = np.clip((share < level).sum(axis=1), 1, weeks)
            low, high = (share[np.arange(len(share)), after - back] for back in (1, 0))
            within = (level - low) / np.maximum(high - low, 1e-300)
            quantiles[:, place] = (after - 1 + np.clip(within, 0, 1)) * WEEK_DAYS
        return quantiles


def forecast_of(names: Sequence[str], hazards: FloatArray) -> Forecast:
    """The forecast of weekly hazards [n, W, K].

    S_j = prod_{i <= j} (1 - sum_k h_ik); incidence_jk = sum_{i <= j} S_{i - 1} h_ik
    """
    survives = np.cumprod(1 - hazards.sum(axis=2), axis=1)
    before = np.concatenate([np.ones((len(hazards), 1)), survives[:, :-1]], axis=1)
    incidence = np.cumsum(before[:, :, None] * hazards, axis=1)
    start = np.zeros((len(hazards), 1, hazards.shape[2]))
    return Forecast(names=names, incidence=np.concatenate([start, incidence], axis=1))
