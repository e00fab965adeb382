"""Metrics of predicted probabilities and what came of them; one value an event, or one in all."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, logit

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.events import checked, inside

_STEPS = 100
_TOLERANCE = 1e-8


def log_loss(probability: FloatArray, outcome: BoolArray | IntArray | FloatArray) -> FloatArray:
    """Negative logarithm of the probability that was given to what happened; lower is better.

    log_loss = -y ln p - (1 - y) ln(1 - p) (Good, 1952). A wrong certainty would cost infinitely;
    probabilities are kept 2.2e-16 away from 0 and 1, so that it costs 36.

    Args:
        probability: [N] that the outcome is 1.
        outcome: [N] 0 or 1.

    Returns:
        [N] float64, nats, one value an event.
    """
    p, y = checked(probability, outcome)
    p = inside(p)
    return -np.where(y == 1, np.log(p), np.log1p(-p))


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


def brier_parts(probability: FloatArray, outcome: BoolArray | IntArray | FloatArray) -> BrierParts:
    """The mean Brier score in three parts (Murphy, 1973).

    Over groups f of equal forecasts p_f, with n_f events and rate y_f, and the overall rate y,

        reliability = sum_f n_f (p_f - y_f)^2 / N
        resolution  = sum_f n_f (y_f - y)^2 / N
        uncertainty = y (1 - y)

    Round forecasts that hardly repeat first: with groups of one event the parts have no meaning.

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


def expected_calibration_error(
    probability: FloatArray,
    outcome: BoolArray | IntArray | FloatArray,
    *,
    bins: int = 10,
    equal: Literal["width", "count"] = "width",
) -> float:
    """Mean distance of forecast and rate over bins of similar forecasts, weighted by their events.

    ece = sum_b n_b / N * |mean of p in b - mean of y in b|

    Bins of equal width (b / B, (b + 1) / B] as in Guo et al. (2017). Where the outcome is rare, as
    an accepted offer is, they put nearly all events into the first; bins of equal count (Nguyen
    and O'Connor, 2015) follow the forecasts. Equal forecasts always share a bin.

    Args:
        probability: [N] that the outcome is 1.
        outcome: [N] 0 or 1.
        bins: B, number of bins.
        equal: "width" for bins of equal width, "count" for bins of equal numbers of events.

    Returns:
        Between 0 and 1.
    """
    p, y = checked(probability, outcome)
    excess = np.bincount(bin_of(p, bins, equal), weights=p - y)
    return float(np.abs(excess).sum() / len(p))


def bin_of(probability: FloatArray, bins: int, equal: Literal["width", "count"]) -> IntArray:
    """[N] int64 bin of each probability [N], as of `expected_calibration_error`, from 0 on."""
    inner = np.arange(1, bins) / bins
    edges = inner if equal == "width" else np.quantile(probability, inner, method="inverted_cdf")
    return np.searchsorted(edges, probability, side="left")


@dataclass(frozen=True)
class CalibrationLine:
    """The line logit P(y = 1) = intercept + slope * logit(p).

    Attributes:
        intercept: 0 where calibrated; nan where there is no line.
        slope: 1 where calibrated, below 1 where probabilities are too extreme, above where too
            timid; inf or -inf where they separate the outcomes, nan where they or the outcomes are
            all equal.
        converged: whether the two are the maximum of the likelihood; False where there is none, or
            it lies too far out to be reached.
    """

    intercept: float
    slope: float
    converged: bool


def calibration_slope(
    probability: FloatArray, outcome: BoolArray | IntArray | FloatArray
) -> CalibrationLine:
    """Logistic regression of the outcome on the logit of its probability (Cox, 1958).

    Unpenalised maximum likelihood by Newton's method in float64 with halved steps, on the centred
    and scaled logit, up to the first step below 1e-8 of the estimate. The maximum exists exactly
    where the logits of the outcomes overlap (Albert and Anderson, 1984), which is checked first.

    Args:
        probability: [N] that the outcome is 1; 0 and 1 are moved inside by 2.2e-16.
        outcome: [N] 0 or 1.
    """
    p, y = checked(probability, outcome)
    x = logit(inside(p))
    ones, zeros = x[y == 1], x[y == 0]
    if not len(ones) or not len(zeros) or x.min() == x.max():
        return CalibrationLine(np.nan, np.nan, False)
    if ones.min() >= zeros.max():
        return CalibrationLine(np.nan, np.inf, False)
    if ones.max() <= zeros.min():
        return CalibrationLine(np.nan, -np.inf, False)
    centre, spread = x.mean(), x.std()
    (level, tilt), converged = _fitted((x - centre) / spread, y)
    return CalibrationLine(
        float(level - tilt * centre / spread), float(tilt / spread), bool(converged)
    )


def _fitted(x: FloatArray, y: FloatArray) -> tuple[FloatArray, bool]:
    """Level and slope [2] of y on x, and whether Newton's method converged there."""
    line = np.zeros(2)
    loss = _loss(line, x, y)
    for _ in range(_STEPS):
        chance = expit(line[0] + line[1] * x)
        miss, weight = y - chance, chance * (1 - chance)
        gradient = np.array([miss.sum(), miss @ x])
        cross = weight @ x
        curvature = np.array([[weight.sum(), cross], [cross, weight @ x**2]])
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            return line, False
        if np.abs(step).max() <= _TOLERANCE * max(1.0, np.abs(line).max()):
            return line + step, True
        # Far from the maximum a full step may overshoot; rounding alone must not stop it.
        while _loss(line + step, x, y) > loss * (1 + 1e-12):
            step = step / 2
        line = line + step
        loss = _loss(line, x, y)
    return line, False


def _loss(line: FloatArray, x: FloatArray, y: FloatArray) -> float:
    height = line[0] + line[1] * x
    return float((np.logaddexp(0, height) - y * height).sum())
