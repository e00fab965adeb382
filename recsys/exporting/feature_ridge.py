r"""Ridge regression of vectors on features, with strengths chosen by leaving out each row.

With rows x, targets y, weights w and strength s, coefficients minimise
:math:`\sum_i w_i |y_i - b - x_i B|^2 + s |B|^2`. The error of a row that was left out needs no
further fit: it is its residual over 1 - h, where h is its entry on the diagonal of the hat matrix
(Allen, The Relationship Between Variable Selection and Data Augmentation, 1974: PRESS).

`RidgeCV` of scikit-learn chooses alike, but does not return the predictions of left-out rows, which
`mapped` needs; it can keep the squared errors of every strength instead, [n, d, s] numbers.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray

STRENGTHS = np.logspace(-2, 5, 15)
"""Candidates; one unit is the mean weight of a row."""

_RANKS, _PAIRS = 20, 2**22
"""Length of the lists in which places are counted, and how many scores at most they are made of."""


class Ridge(NamedTuple):
    """What `ridge` returns.

    Attributes:
        coefficients: [1 + F, d] float64, b first.
        left_out: [n, d] float64, prediction of each row from all others.
        strengths: [d] chosen for each column of targets.
    """

    coefficients: FloatArray
    left_out: FloatArray
    strengths: FloatArray


def ridge(
    features: csr_array, targets: FloatArray, weights: FloatArray, strengths: FloatArray = STRENGTHS
) -> Ridge:
    """Fits each column of targets with the strength that predicts left-out rows best.

    Args:
        features: [n, F], n at least 2.
        targets: [n, d].
        weights: [n] above 0, 1 in the mean.
        strengths: [s] strengths above 0.
    """
    total = weights.sum()
    middle, centre = features.T @ weights / total, weights @ targets / total
    weighted = csr_array(features.multiply(weights[:, None]))
    squares = (features.T @ weighted).toarray() - total * np.outer(middle, middle)
    spread, axes = np.linalg.eigh(squares)
    spread = np.maximum(spread, 0)
    rotated = features @ axes - middle @ axes
    centred = targets - centre
    shared = rotated.T @ (weights[:, None] * centred)
    least = np.full(targets.shape[1], np.inf)
    left_out, chosen = np.empty(targets.shape), np.empty(targets.shape[1])
    for strength in strengths:
        shrunk = 1 / (spread + strength)
        hat = weights * (1 / total + rotated**2 @ shrunk)
        errors = (centred - rotated @ (shrunk[:, None] * shared)) / (1 - hat)[:, None]
        press = weights @ errors**2
        better = press < least
        least[better], chosen[better] = press[better], strength
        left_out[:, better] = (targets - errors)[:, better]
    slopes = axes @ (shared / (spread[:, None] + chosen))
    return Ridge(np.vstack([centre - middle @ slopes, slopes]), left_out, chosen)


class Mapped(NamedTuple):
    """What `mapped` returns.

    Attributes:
        coefficients: [1 + F, d] float64.
        explained: share of the variance of scores that is predicted for left-out rows; below 0
            where the mean predicts better.
        stretch: factor by which deviations from the mean were multiplied.
    """

    coefficients: FloatArray
    explained: float
    stretch: float


def mapped(
    features: csr_array,
    vectors: FloatArray,
    weights: FloatArray,
    queries: FloatArray,
    met: csr_array | None = None,
    masked: csr_array | None = None,
) -> Mapped:
    """A linear map from features to vectors, whose scores are as often high as those of known rows.

    The axes of the vectors are fitted separately, each with a strength of its own: the first is
    often the popularity of a product, which features predict better than its customers. Fitted
    vectors are nearer to the mean than the vectors they are fitted to, and would never be among the
    first ranks. So deviations from the mean are multiplied by the factor that gives left-out rows
    as many of the first ranks as they have in truth. This does not change the order among new rows.
    Columns that no query scores (the touchpoint of a product) stay as they are.

    Args:
        features: [n, F].
        vectors: [n, d].
        weights: [n] above 0, 1 in the mean.
        queries: [c, d] vectors that score the rows, such as customers, in any order.
        met: [c, n] non-zero where the customer of a query had the product before: such ranks are
            not counted, because nobody had a new product; None for nowhere.
        masked: [c, n] non-zero where the row is off the list of the customer of a query; None for
            nowhere.
    """
    # A column that is 0 for all known products stays exactly 0: else new ones win ties at 0.
    used = np.flatnonzero(vectors.any(axis=0))
    targets, queries = (array[:, used].astype(np.float64) for array in (vectors, queries))
    gram, centre = queries.T @ queries / len(queries), weights @ targets / weights.sum()
    axes, back = _score_axes(targets - centre, weights, gram)
    fit = ridge(features, targets @ axes, weights)
    coefficients, left_out = fit.coefficients @ back, fit.left_out @ back
    error, variance = (
        _power(rows, weights, gram) for rows in (targets - left_out, targets - centre)
    )
    explained = 1 - error / variance if variance > 0 else 0.0
    step = -(-len(queries) * len(targets) // _PAIRS)
    sample = queries[::step]
    had, gone = (
        np.zeros((1, 1), bool) if pairs is None else pairs[::step].toarray() != 0
        for pairs in (met, masked)
    )
    truth, guess = (sample @ (rows - centre).T for rows in (targets, left_out))
    stretch = _stretch(truth, guess, weights, had, gone)
    # Where features predict nothing, a longer vector is more noise.
    factor = np.where((np.diag(gram) > 0) & (explained > 0), stretch, 1.0)
    coefficients[0] -= centre
    coefficients *= factor
    coefficients[0] += centre
    everywhere = np.zeros((1 + features.shape[1], vectors.shape[1]))
    everywhere[:, used] = coefficients
    return Mapped(everywhere, explained, stretch if explained > 0 else 1.0)


def _stretch(
    truth: FloatArray, guess: FloatArray, weights: FloatArray, met: BoolArray, masked: BoolArray
) -> float:
    """The factor that gives predicted scores [c, n] as many first ranks as true scores [c, n]."""
    count = truth.shape[1]
    first = max(1, min(_RANKS, count // 10))
    ranked = np.where(masked, -np.inf, truth)
    needed = np.partition(ranked, count - first, axis=1)[:, [count - first]]
    row_weights = np.broadcast_to(weights, truth.shape)
    # A query that scores all rows alike has no first ranks.
    choosing = needed > 1e-9
    wanted = row_weights[(ranked >= needed) & choosing & ~met].sum()
    can = (guess > 0) & choosing
    factors = np.divide(needed, guess, where=can, out=np.full(truth.shape, np.inf))[can]
    if not len(factors):
        return 1.0
    order = np.argsort(factors)
    last = np.searchsorted(np.cumsum(row_weights[can][order]), wanted * (1 - 1e-9))
    return float(factors[order[min(last, len(order) - 1)]])


def _score_axes(
    vectors: FloatArray, weights: FloatArray, gram: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Principal axes [d, d] of the scores of centred vectors, and the way back."""
    power, directions = np.linalg.eigh(gram)
    # Directions that no query scores have to be restored too.
    root = np.sqrt(np.maximum(power, max(power[-1], 1e-30) * 1e-9))
    scored = vectors @ (directions * root)
    _, turn = np.linalg.eigh(scored.T @ (weights[:, None] * scored))
    return directions * root @ turn, turn.T @ (directions / root).T


def _power(rows: FloatArray, weights: FloatArray, gram: FloatArray) -> float:
    return float(weights @ ((rows @ gram) * rows).sum(axis=1))
