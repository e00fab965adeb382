"""Calibration slope: whether probabilities are too extreme or too timid."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.events import checked, inside

_STEPS = 100
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class CalibrationLine:
    """The line logit P(y = 1) = intercept + slope * logit(p).

    Attributes:
        intercept: 0 where calibrated; nan where there is no line.
        slope: 1 where calibrated, below 1 where probabilities are too extreme, above where too
            timid; inf or -inf where they separate the outcomes, nan where they or the outcomes are
            all alike.
        converged: whether the two are the maximum of the likelihood; where not, there is none, or
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
    and scaled logit. It ends with the first step under 1e-8 of the estimate: the error left is
    about the square of that. The maximum exists exactly where the logits of the two outcomes
    overlap (Albert and Anderson, 1984); that is asked first, so data without one are answered at
    once.

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
    """Level and slope [2] of y on x, and whether Newton's method came to rest there."""
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
        # Far from the maximum a whole step may overshoot; rounding alone must not stop it.
        while _loss(line + step, x, y) > loss * (1 + 1e-12):
            step = step / 2
        line = line + step
        loss = _loss(line, x, y)
    return line, False


def _loss(line: FloatArray, x: FloatArray, y: FloatArray) -> float:
    height = line[0] + line[1] * x
    return float((np.logaddexp(0, height) - y * height).sum())
