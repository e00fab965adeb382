"""Reliability: what came true of the events that were forecast alike, for all and by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.intervals import bootstrap
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
        bins: at most so many.
        equal: what they have equal; see `expected_calibration_error`.
        resamples: as in `recsys.evaluation.intervals.bootstrap`.
        level: as there.
        seed: as there.
    """
    p, y = checked(probability, outcome)
    _, place = np.unique(bin_of(p, bins, equal), return_inverse=True)
    count = np.bincount(place)
    rates = bootstrap(
        {number: np.where(place == number, y, np.nan) for number in range(len(count))},
        customers,
        resamples=resamples,
        level=level,
        seed=seed,
    )
    return Reliability(
        forecast=np.bincount(place, weights=p) / count,
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

    With few events the error of even the true probabilities is not 0, and the more bins the
    larger: with 100 events a bin it is about 0.04. Compare groups of unlike size with care.

    Args:
        probability: as in `reliability`.
        outcome: as there.
        customers: as there.
        groups: of the N events.
        bins: of each group.
        equal: what the bins of a group have equal.
        resamples: as in `reliability`.
        level: as there.
        seed: as there.
    """
    return {
        name: reliability(
            probability[inside], outcome[inside], customers[inside],
            bins=bins, equal=equal, resamples=resamples, level=level, seed=seed,
        )
        for name, inside in members(groups).items()
    }  # fmt: skip


def bin_of(probability: FloatArray, bins: int, equal: Literal["width", "count"]) -> IntArray:
    """[N] bin of each forecast, those of `expected_calibration_error`; equal ones share a bin."""
    inner = np.arange(1, bins) / bins
    edges = inner if equal == "width" else np.quantile(probability, inner, method="inverted_cdf")
    place: IntArray = np.searchsorted(edges, probability, side="left")
    return place
