"""Credit as shares of channels, with intervals over customers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.arrays import FloatArray
from recsys.evaluation.intervals import Interval, percentiles, resampled_means

_AT_ONCE = 64
"""Resamples whose shares are computed at once: as many chains of T states fit into memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribution:
    """The credit that a method gives each channel.

    Attributes:
        amounts: [C, K] what each customer adds to the K sums from which shares are computed.
        read: [R, K] sums -> [R, T] shares, each row separately; a common factor cancels.
    """

    amounts: FloatArray
    read: Callable[[FloatArray], FloatArray]

    @cached_property
    def shares(self) -> FloatArray:
        """[T] shares, which sum to 1; nan where nothing was converted."""
        return np.asarray(self.read(self.amounts.sum(axis=0, keepdims=True))[0])

    def intervals(
        self, *, resamples: int = 1000, level: float = 0.95, seed: int = 0
    ) -> list[Interval]:
        """[T] shares with percentile intervals; customers with all their journeys are resampled.

        Args:
            resamples: number of resamples.
            level: confidence of the intervals.
            seed: of the resampling.
        """
        amounts = self.amounts[self.amounts.any(axis=1)]
        if not len(amounts):
            return [Interval(np.nan, np.nan, np.nan, 0) for _ in self.shares]
        sums = resampled_means(amounts, np.ones(len(amounts)), resamples, seed)
        parts = np.array_split(sums, -(-resamples // _AT_ONCE))
        draws = np.concatenate([self.read(part) for part in parts])
        low, high = percentiles(draws, level, len(amounts))
        return [
            Interval(float(mean), float(low[channel]), float(high[channel]), len(amounts))
            for channel, mean in enumerate(self.shares)
        ]
