"""Coordinate descent for many small non-negative regressions at once.

Friedman, Hastie and Tibshirani, Regularization Paths for Generalized Linear Models via Coordinate
Descent (2010), section 2.2: with covariance updates a step needs the products of columns alone, not
the columns. Here a step sets the same coordinate of B regressions.
"""

import numpy as np

from recsys.arrays import FloatArray

TOLERANCE = 1e-4
"""Change of a prediction X w in a step, relative to the length of y, that ends a regression."""

_MOST_SWEEPS = 1_000


def non_negative_weights(
    gram: FloatArray, targets: FloatArray, squares: FloatArray, *, l1: float, l2: float
) -> FloatArray:
    """Weights w >= 0 that minimise 1/2 |y - X w|^2 + l2 / 2 |w|^2 + l1 sum(w), for each b of B.

    The sweep over coordinates that changes nothing by more than `TOLERANCE` is the last one. A
    column of zeros has the weight 0, so that regressions may be padded to one number n.

    Args:
        gram: [n, B, n] float32, row k of X'X of every regression in `gram[k]`.
        targets: [B, n] float32 X'y.
        squares: [B] float32 y'y.
        l1: weight of the sum of the weights, at least 0.
        l2: weight of half their squares, at least 0.

    Returns:
        [B, n] float32.
    """
    diagonal = np.einsum("kbk->bk", gram)
    curvature = np.where(diagonal > 0, diagonal + l2, 1).astype(np.float32)
    weights = np.zeros_like(targets)
    slopes = targets - np.float32(l1)
    enough = TOLERANCE**2 * squares
    rows = np.arange(len(targets))
    for _ in range(_MOST_SWEEPS):
        largest = np.zeros(len(targets), np.float32)
        for k, of_column in enumerate(gram):
            before = weights[rows, k]
            ahead = slopes[rows, k] + diagonal[rows, k] * before
            after = np.maximum(ahead / curvature[rows, k], 0)
            change = after - before
            moved = np.flatnonzero(change)
            if not len(moved):
                continue
            which, by = rows[moved], change[moved]
            weights[which, k] = after[moved]
            slopes[which] -= by[:, None] * of_column[which]
            largest[which] = np.maximum(largest[which], by**2 * diagonal[which, k])
        rows = np.flatnonzero(largest > enough)
        if not len(rows):
            break
    return weights
