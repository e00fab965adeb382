"""An isotonic curve from probabilities to rates that is never certain after a few events."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.calibrator import Isotonic
from recsys.ops.events import checked

PRIOR = 10.0
"""Events at the overall rate that are added to each block."""


def fit_smoothed_isotonic(
    probability: FloatArray, outcome: BoolArray | IntArray | FloatArray
) -> Isotonic:
    """Isotonic regression (Ayer et al., 1955) whose blocks are pulled towards the overall rate.

    A block of n events of which k are positive gets the rate (k + PRIOR r) / (n + PRIOR) at its
    knots, the mean of its Beta posterior, with the overall rate r. A deviation from the isotonic
    regression: its first and last blocks are the few events that happened to have one outcome, and
    would give 0 and 1. Small blocks move more than large ones, so the rates are made to rise again
    by a second isotonic regression, weighted by n + PRIOR.

    Args:
        probability: [N] of the model.
        outcome: [N] 0 or 1.
    """
    # Imported late: it takes long.
    from sklearn.isotonic import IsotonicRegression

    p, y = checked(probability, outcome)
    fitted = IsotonicRegression().fit(p, y)
    knots = fitted.X_thresholds_
    # A block has one or two knots, its first and its last forecast.
    block_of_knot = np.unique(fitted.y_thresholds_, return_inverse=True)[1].ravel()
    starts = knots[np.unique(block_of_knot, return_index=True)[1]]
    block = np.searchsorted(starts, p, side="right") - 1
    counts = np.bincount(block, minlength=len(starts)) + PRIOR
    positives = np.bincount(block, weights=y, minlength=len(starts)) + PRIOR * y.mean()
    rates = IsotonicRegression().fit_transform(
        np.arange(len(starts)), positives / counts, sample_weight=counts
    )
    return Isotonic(knots, np.clip(rates, 0, 1)[block_of_knot])
