"""Log loss: how improbable the outcome was held to be."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.events import checked, inside


def log_loss(probability: FloatArray, outcome: BoolArray | IntArray | FloatArray) -> FloatArray:
    """Negative logarithm of the probability that was given to what happened; lower is better.

    log_loss = -y ln p - (1 - y) ln(1 - p) (Good, 1952). A certainty that was wrong would cost
    infinitely; probabilities are kept 2.2e-16 away from 0 and 1, so that it costs 36.

    Args:
        probability: [N] that the outcome is 1.
        outcome: [N] 0 or 1.

    Returns:
        [N] float64, nats, one value an event.
    """
    p, y = checked(probability, outcome)
    p = inside(p)
    return -np.where(y == 1, np.log(p), np.log1p(-p))
