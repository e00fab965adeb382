"""Brier score: squared error of probabilities, and the three parts of its mean."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.events import checked


@dataclass(frozen=True)
class BrierParts:
    """Mean Brier score = reliability - resolution + uncertainty.

    Attributes:
        reliability: squared distance of forecasts from the rates that followed them; 0 is best.
        resolution: squared distance of those rates from the overall rate; higher is better.
        uncertainty: rate * (1 - rate), which no forecast can change.
    """

    reliability: float
    resolution: float
    uncertainty: float


def brier(probability: FloatArray, outcome: BoolArray | IntArray | FloatArray) -> FloatArray:
    """Squared error of each probability; lower is better.

    brier = (p - y)^2 (Brier, 1950, who sums it over both outcomes and so has twice this).

    Args:
        probability: [N] that the outcome is 1.
        outcome: [N] 0 or 1.

    Returns:
        [N] float64 between 0 and 1, one value an event.
    """
    p, y = checked(probability, outcome)
    return (p - y) ** 2


def brier_parts(probability: FloatArray, outcome: BoolArray | IntArray | FloatArray) -> BrierParts:
    """The mean Brier score in three parts (Murphy, 1973).

    Over groups f of equal forecasts p_f, with n_f events and rate y_f, and the overall rate y,

        reliability = sum_f n_f (p_f - y_f)^2 / N
        resolution  = sum_f n_f (y_f - y)^2 / N
        uncertainty = y (1 - y)

    Forecasts that hardly repeat make groups of one, and the parts say nothing: round them first.

    Args:
        probability: [N] that the outcome is 1.
        outcome: [N] 0 or 1.
    """
    p, y = checked(probability, outcome)
    forecast, group, count = np.unique(p, return_inverse=True, return_counts=True)
    rate = np.bincount(group, weights=y) / count
    overall = y.mean()
    return BrierParts(
        reliability=float(count @ (forecast - rate) ** 2 / len(y)),
        resolution=float(count @ (rate - overall) ** 2 / len(y)),
        uncertainty=float(overall * (1 - overall)),
    )
