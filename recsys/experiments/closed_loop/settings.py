"""Settings of a closed loop."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """Settings of a closed loop.

    Attributes:
        market: what the market is called, with its own settings.
        rounds: equal spans of time from `start` to `end`.
        seeds: number of markets, of the seeds from 0.
        epsilon: of the exploring arms.
        policy: whose rules hold; policy_version: of its content.
        start: UTC day; end: UTC day.
        segment: column of the customers that is their segment.
    """

    market: str
    rounds: int
    seeds: int
    epsilon: float
    policy: str
    policy_version: str
    start: str = "2025-03-01"
    end: str = "2026-01-01"
    segment: str = "life_stage"

    @property
    def spans(self) -> list[tuple[int, int]]:
        """[rounds] UTC seconds [start, end) of each round."""
        first, last = (pd.Timestamp(day, tz="UTC").timestamp() for day in (self.start, self.end))
        return list(pairwise(np.linspace(first, last, self.rounds + 1).astype(np.int64).tolist()))
