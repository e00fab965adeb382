"""Scores to probabilities, by a calibrator kept as plain arrays beside the vectors.

A score is read as log-odds, so that Platt scaling (Platt, 1999) of log-odds is Platt scaling of
scores: p = 1 / (1 + exp(-(a + b score))). Without a calibrator a score is not a probability.
"""

from collections.abc import Mapping

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.ops.calibrator import calibrator_of
from recsys.serving.artifact.contents import Contents

_PREFIX = "calibrator_"


def probabilities(
    contents: Contents, scores: FloatArray, touchpoint: int | None
) -> list[float | None]:
    """Calibrated probabilities of scores; None where there is no calibrator for them.

    Args:
        contents: of the artifact.
        scores: [n] of one customer and n products.
        touchpoint: row of the given touchpoint; where it has a vector, that is part of the scores,
            for which nothing was calibrated.
    """
    is_in_scores = touchpoint is not None and contents.touchpoints.vectors is not None
    if contents.calibrator is None or is_in_scores:
        return [None] * len(scores)
    calibrated: list[float | None] = calibrator_of(contents.calibrator)(
        as_probability(scores)
    ).tolist()
    return calibrated


def as_probability(scores: FloatArray) -> FloatArray:
    """[n] float64 between 0 and 1, whose log-odds are the scores."""
    # Beyond 700 the exponential overflows; the probability is 0 or 1 long before.
    return np.asarray(1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -700, 700))))


def arrays(calibrator: Mapping[str, FloatArray] | None) -> dict[str, FloatArray]:
    """The calibrator's arrays, by the names under which they are kept with the vectors."""
    return {
        f"{_PREFIX}{name}": np.asarray(values, np.float64)
        for name, values in (calibrator or {}).items()
    }


def restored(stored: Mapping[str, FloatArray | IntArray]) -> dict[str, FloatArray] | None:
    """The calibrator among stored arrays; None where there is none."""
    calibrator: dict[str, FloatArray] = {
        name.removeprefix(_PREFIX): np.asarray(values, np.float64)
        for name, values in stored.items()
        if name.startswith(_PREFIX)
    }
    return calibrator or None
