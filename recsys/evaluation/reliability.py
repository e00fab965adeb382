"""Reliability: the rate that followed similar forecasts, overall and by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.metrics.probability import bin_of
from recsys.evaluation.slices import Cut, members
from recsys.ops.events import checked


@dataclass(frozen=True, kw_only=True, eq=False)
class Reliability:
    """Bins of similar forecasts, ascending; empty ones are left out.

    Attributes:
        forecast: [B] mean forecast.
        rate: [B] share of outcomes that were 1.
        low, high: [B] interval of the rate over customers.
        count: [B] events.
    """

    forecast: FloatArray
    rate: FloatArray
    low: FloatArray
    high: FloatArray
    count: IntArray

    @property
    def ece(self) -> float:
        """Expected calibration error: mean of |forecast - rate|, weighted by events."""
        return float(self.count @ np.abs(self.forecast - self.rate) / self.count.sum())


def reliability(
    probability: FloatArray,
    outcome: BoolArray | IntArray | FloatArray,
    customers: IntArray,
    *,
    bins: int = 10,
    equal: Literal["width", "count"] = "width",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Reliability:
    """The table behind a reliability curve.

    Args:
        probability: [N] that the outcome is 1.
        outcome: [N] 0 or 1.
        customers: [N] row numbers; intervals resample them.
        bins: most bins; empty ones are left out.
        equal: "width" or "count", as in `expected_calibration_error`.
        resamples: bootstrap resamples of customers.
        level: confidence of the intervals.
        seed: of the resampling.
    """
    p, y = checked(probability, outcome)
    _, row = np.unique(bin_of(p, bins, equal), return_inverse=True)
    count = np.bincount(row)
    rates = bootstrap(
        {number: np.where(row == number, y, np.nan) for number in range(len(count))},
        customers,
        resamples=resamples,
        level=level,
        seed=seed,
    )
    return Reliability(
        forecast=np.bincount(row, weights=p) / count,
        rate=np.array([rate.mean for rate in rates.values()]),
        low=np.array([rate.low for rate in rates.values()]),
        high=np.array([rate.high for rate in rates.values()]),
        count=count,
    )


def reliability_by_group(
    probability: FloatArray,
    outcome: IntArray | FloatArray,
    customers: IntArray,
    groups: Cut,
    *,
    bins: int = 10,
    equal: Literal["width", "count"] = "width",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Mapping[str, Reliability]:
    """Name of each group of events -> its reliability; its `ece` is the group's error.

    With few events the error of even the true probabilities is not 0, and it grows with the number
    of bins: with 100 events a bin it is about 0.04. Compare groups of different sizes with care.

    Args:
        probability: as in `reliability`.
        outcome: as in `reliability`.
        customers: as in `reliability`.
        groups: of the N events.
        bins: of each group.
        equal: as in `reliability`, for the bins of a group.
        resamples: as in `reliability`.
        level: as in `reliability`.
        seed: as in `reliability`.
    """
    return {
        name: reliability(
            probability[inside], outcome[inside], customers[inside],
            bins=bins, equal=equal, resamples=resamples, level=level, seed=seed,
        )
        for name, inside in members(groups).items()
    }  # fmt: skip
