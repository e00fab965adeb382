"""Predicted probabilities and their outcomes, checked."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray

_LEAST = np.finfo(np.float64).eps


def checked(
    probability: FloatArray, outcome: BoolArray | IntArray | FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Both as float64 [N].

    Args:
        probability: [N] between 0 and 1.
        outcome: [N] 0 or 1.

    Raises:
        ValueError: they are empty or of different shapes, a probability is not within 0 and 1, or
            an outcome is neither 0 nor 1.
    """
    p, y = np.asarray(probability, np.float64), np.asarray(outcome, np.float64)
    if p.ndim != 1 or p.shape != y.shape or not len(p):
        raise ValueError(f"expected probability [N] and outcome [N], got {p.shape} and {y.shape}")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("probability: expected values between 0 and 1; are these scores?")
    if not ((y == 0) | (y == 1)).all():
        raise ValueError("outcome: expected 0 or 1")
    return p, y


def inside(probability: FloatArray) -> FloatArray:
    """Probabilities [N] kept off 0 and 1 by float64's epsilon (2.2e-16), for logarithms."""
    return np.clip(probability, _LEAST, 1 - _LEAST)
