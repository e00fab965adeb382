"""Fits calibrators, on sends that the model itself was not fitted on."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import logit

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.metrics.probability import calibration_slope
from recsys.ops.calibrator import Calibrator, Isotonic, Platt
from recsys.ops.events import checked


def fit_platt(probability: FloatArray, outcome: BoolArray | IntArray | FloatArray) -> Platt:
    """The line of Cox (1958): maximum likelihood of the outcomes on the log-odds.

    Where probabilities rank outcomes the wrong way round, or not at all, the line is level at the
    overall rate: a map that falls would reverse the order of offers.

    Raises:
        InputError: one of the two outcomes never occurs, or probabilities separate them, so that
            no line is steep enough.
    """
    p, y = checked(probability, outcome)
    line = calibration_slope(p, y)
    some = 0 < y.mean() < 1
    if some and (line.slope <= 0 or np.ptp(p) == 0):
        return Platt(float(logit(y.mean())), 0.0)
    return Platt(line.intercept, line.slope)


def fit_isotonic(probability: FloatArray, outcome: BoolArray | IntArray | FloatArray) -> Isotonic:
    """The rising step function nearest to the outcomes in squared error (Ayer et al., 1955).

    Its rates are kept 1 / (N + 2) away from 0 and 1, which is as certain as N sends without a
    single exception make one (Laplace's rule of succession); else one exception to come would cost
    a log loss of infinity.

    Args:
        probability: [N] of the model.
        outcome: [N] 0 or 1.
    """
    # Imported late: it takes long.
    from sklearn.isotonic import IsotonicRegression

    p, y = checked(probability, outcome)
    edge = 1 / (len(y) + 2)
    fitted = IsotonicRegression(y_min=edge, y_max=1 - edge).fit(p, y)
    return Isotonic(fitted.X_thresholds_, fitted.y_thresholds_)


FITS: Mapping[str, Callable[[FloatArray, IntArray], Calibrator]] = {
    "platt": fit_platt,
    "isotonic": fit_isotonic,
}
"""By the name that a setting gives. Platt's line needs few sends, isotonic ones by the thousand."""
