"""Random choice by utility, the rule of all views, purchases and decisions of the firm."""

import numpy as np

from recsys.arrays import FloatArray, IntArray


def softmax(logits: FloatArray) -> FloatArray:
    """Rows of logits [n, m] (-inf is never chosen) to rows of probabilities."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def draw(chances: FloatArray, generator: np.random.Generator) -> IntArray:
    """A column [n] int64 drawn from each row of probabilities [n, m]."""
    cumulative = chances.cumsum(axis=1)
    # Scaled by the last sum, which rounding may leave slightly below 1.
    drawn = generator.random(len(chances)) * cumulative[:, -1]
    return np.asarray((cumulative <= drawn[:, None]).sum(axis=1))


def sigmoid(logits: FloatArray) -> FloatArray:
    """Log odds to probabilities, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
