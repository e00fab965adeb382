r"""Ridge regression of vectors on features, its strengths chosen by leaving each row out.

With rows x, targets y, weights w and strength s, coefficients minimise
:math:`\sum_i w_i |y_i - b - x_i B|^2 + s |B|^2`. The error of a row that was left out needs no
further fit: it is its residual over 1 - h, where h is its place on the diagonal of the hat matrix
(Allen, The Relationship Between Variable Selection and Data Augmentation, 1974: PRESS).
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray

STRENGTHS = np.logspace(-2, 5, 15)
"""What is tried; one unit is the weight of one row in the mean."""


_PLACES, _PAIRS = 20, 2**22
"""The first places that are counted, and how many scores at most they are counted on."""


class Ridge(NamedTuple):
    """What `ridge` returns.

    Attributes:
        coefficients: [1 + F, d] float64, b first.
        left_out: [n, d] float64, what each row is predicted to be by all others.
        strengths: [d] chosen for each column of targets.
    """

    coefficients: FloatArray
    left_out: FloatArray
    strengths: FloatArray


def ridge(
    features: csr_array, targets: FloatArray, weights: FloatArray, tried: FloatArray = STRENGTHS
) -> Ridge:
    """Fits each column of targets with the strength that predicts left-out rows best.

    Args:
        features: [n, F], n at least 2.
        targets: [n, d].
        weights: [n] above 0, 1 in the mean.
        tried: [s] strengths above 0.
    """
    total = weights.sum()
    middle, centre = features.T @ weights / total, weights @ targets / total
    weighted = csr_array(features.multiply(weights[:, None]))
    squares = (features.T @ weighted).toarray() - total * np.outer(middle, middle)
    spread, axes = np.linalg.eigh(squares)
    spread = np.maximum(spread, 0)
    rotated = features @ axes - middle @ axes
    aims = targets - centre
    shared = rotated.T @ (weights[:, None] * aims)
    least = np.full(targets.shape[1], np.inf)
    left_out, chosen = np.empty(targets.shape), np.empty(targets.shape[1])
    for strength in tried:
        shrunk = 1 / (spread + strength)
        hat = weights * (1 / total + rotated**2 @ shrunk)
        errors = (aims - rotated @ (shrunk[:, None] * shared)) / (1 - hat)[:, None]
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
        explained: share of the variance of scores that is foretold of left-out rows; below 0 where
            the mean would foretell better.
        stretch: by what deviations from the mean were multiplied.
    """

    coefficients: FloatArray
    explained: float
    stretch: float


def mapped(
    features: csr_array,
    vectors: FloatArray,
    weights: FloatArray,
    asking: FloatArray,
    met: csr_array | None = None,
    masks_met: bool = False,
) -> Mapped:
    """How features make vectors that score right, and as often high as those of known rows.

    Axes of vectors are fitted apart, each with a strength of its own: the first is often how
    popular a product is, which features foretell better than whom it is for. What is fitted lies
    nearer to the mean than what it was fitted to, by what features do not know, and would never
    be among the first; so deviations from the mean are stretched, by the one factor that gives
    left-out rows as many of the first places as they have in truth. Order among new rows does not
    change by that. Columns that nothing is scored by (the touchpoint of a product) are left alone.

    Args:
        features: [n, F].
        vectors: [n, d].
        weights: [n] above 0, 1 in the mean.
        asking: [c, d] what they are scored with, in no order.
        met: [c, n] non-zero where who asks had it before: places that this earned are not counted,
            because nobody had a new one; None for nowhere.
        masks_met: whether what was met leaves the ranking.
    """
    # What no known product has, rounding must not give a new one: it would win every tie at 0.
    used = np.flatnonzero(vectors.any(axis=0))
    aims, asking = vectors[:, used].astype(np.float64), asking[:, used].astype(np.float64)
    gram, centre = asking.T @ asking / len(asking), weights @ aims / weights.sum()
    axes, back = _score_axes(aims - centre, weights, gram)
    fit = ridge(features, aims @ axes, weights)
    coefficients, left_out = fit.coefficients @ back, fit.left_out @ back
    error, whole = (_power(rows, weights, gram) for rows in (aims - left_out, aims - centre))
    explained = 1 - error / whole if whole > 0 else 0.0
    step = -(-len(asking) * len(aims) // _PAIRS)
    askers = asking[::step]
    had = np.zeros((1, 1), bool) if met is None else met[::step].toarray() != 0
    truth, guess = (askers @ (rows - centre).T for rows in (aims, left_out))
    stretch = _stretch(truth, guess, weights, had, masks_met)
    # Where features foretell nothing, a long vector would be loud noise.
    factor = np.where((np.diag(gram) > 0) & (explained > 0), stretch, 1.0)
    coefficients[0] -= centre
    coefficients *= factor
    coefficients[0] += centre
    everywhere = np.zeros((1 + features.shape[1], vectors.shape[1]))
    everywhere[:, used] = coefficients
    return Mapped(everywhere, explained, stretch if explained > 0 else 1.0)


def _stretch(
    truth: FloatArray, guess: FloatArray, weights: FloatArray, met: BoolArray, masks_met: bool
) -> float:
    """The factor that gives guesses [c, n] as many first places as true scores [c, n] have."""
    count = truth.shape[1]
    first = max(1, min(_PLACES, count // 10))
    ranked = np.where(met, -np.inf, truth) if masks_met else truth
    needed = np.partition(ranked, count - first, axis=1)[:, [count - first]]
    there = np.broadcast_to(weights, truth.shape)
    # Whoever scores all alike has no first places.
    choosing = needed > 1e-9
    wanted = there[(ranked >= needed) & choosing & ~met].sum()
    can = (guess > 0) & choosing
    factors = np.divide(needed, guess, where=can, out=np.full(truth.shape, np.inf))[can]
    if not len(factors):
        return 1.0
    order = np.argsort(factors)
    place = np.searchsorted(np.cumsum(there[can][order]), wanted * (1 - 1e-9))
    return float(factors[order[min(place, len(order) - 1)]])


def _score_axes(
    vectors: FloatArray, weights: FloatArray, gram: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Principal axes [d, d] of the scores of centred vectors, and the way back."""
    power, directions = np.linalg.eigh(gram)
    # What nothing is scored by has to come back too.
    root = np.sqrt(np.maximum(power, max(power[-1], 1e-30) * 1e-9))
    scored = vectors @ (directions * root)
    _, turn = np.linalg.eigh(scored.T @ (weights[:, None] * scored))
    return directions * root @ turn, turn.T @ (directions / root).T


def _power(rows: FloatArray, weights: FloatArray, gram: FloatArray) -> float:
    return float(weights @ ((rows @ gram) * rows).sum(axis=1))
