"""Choosing one of several by utility: the one rule that views, purchases and the firm obey."""

import numpy as np

from recsys.arrays import FloatArray, IntArray


def softmax(logits: FloatArray) -> FloatArray:
    """Rows [n, m] of logits (-inf is never chosen) to rows that sum to one."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def draw(chances: FloatArray, generator: np.random.Generator) -> IntArray:
    """One column [n] int64 from each row of probabilities [n, m]."""
    reached = chances.cumsum(axis=1)
    # Scaled by the last sum, since rounding may leave it a hair below one.
    thrown = generator.random(len(chances)) * reached[:, -1]
    return np.asarray((reached <= thrown[:, None]).sum(axis=1))


def sigmoid(logits: FloatArray) -> FloatArray:
    """Log odds to probabilities, without overflow at either end."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
