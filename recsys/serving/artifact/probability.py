"""Scores to probabilities, by a calibrator that lies with the vectors as plain arrays.

A score is read as log-odds, so that Platt's line on them is his line on scores (Platt, 1999):
p = 1 / (1 + exp(-(a + b score))). Without a calibrator a score is no probability of anything.
"""

from collections.abc import Mapping

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.ops.calibrator import calibrator_of
from recsys.serving.artifact.contents import Contents

_PREFIX = "calibrator_"


def probabilities(contents: Contents, scores: FloatArray, asked: int | None) -> list[float | None]:
    """[n] calibrated scores [n] of products.

    Args:
        contents: of the artifact.
        scores: of one customer.
        asked: row of the touchpoint that was asked for; where it has a vector it is part of the
            scores, which were calibrated without one.
    """
    uncalibrated = asked is not None and contents.touchpoints.vectors is not None
    if contents.calibrator is None or uncalibrated:
        return [None] * len(scores)
    found = calibrator_of(contents.calibrator)(as_probability(scores))
    return [float(one) for one in found]


def as_probability(scores: FloatArray) -> FloatArray:
    """[n] float64 between 0 and 1, whose log-odds are the scores."""
    # Beyond 700 the exponential overflows; the probability is 0 or 1 long before.
    found: FloatArray = 1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -700, 700)))
    return found


def arrays(calibrator: Mapping[str, FloatArray] | None) -> dict[str, FloatArray]:
    """What is kept of the calibrator with the vectors."""
    kept = calibrator or {}
    return {f"{_PREFIX}{name}": np.asarray(values, np.float64) for name, values in kept.items()}


def restored(kept: Mapping[str, FloatArray | IntArray]) -> dict[str, FloatArray] | None:
    """The calibrator of `arrays`; None where there is none."""
    found: dict[str, FloatArray] = {
        name.removeprefix(_PREFIX): np.asarray(one, np.float64)
        for name, one in kept.items()
        if name.startswith(_PREFIX)
    }
    return found or None
