"""Maps scores to probabilities, fitted on the valid window of a run."""

from collections.abc import Mapping
from typing import Any

from recsys.arrays import FloatArray
from recsys.data.queries import Window
from recsys.evaluation.full_ranking import Score
from recsys.evaluation.metrics.probability import expected_calibration_error
from recsys.exporting.ranked_outcomes import ranked_outcomes
from recsys.exporting.smoothed_curve import fit_smoothed_isotonic
from recsys.serving.artifact.probability import as_probability


def fit_calibrator(
    score: Score, window: Window, k: int
) -> tuple[Mapping[str, FloatArray], dict[str, Any]]:
    """A rising curve from scores to outcomes in a window.

    The exported model is fitted on more events; its scores are assumed to have the same scale.

    Args:
        score: of a model of the run's settings, fitted on the past of the window.
        window: the valid one of the run.
        k: length of the lists whose products are used.

    Returns:
        Arrays for `Contents.calibrator`, and facts for the manifest: what the probability is of,
        the rate of positive outcomes, and the expected calibration error (bins of equal count) on
        half of the customers, of a curve fitted on the other half.
    """
    listed = ranked_outcomes(score, window, k)
    forecast, outcome, half = as_probability(listed.scores), listed.taken, listed.half
    held_out = fit_smoothed_isotonic(forecast[half], outcome[half])(forecast[~half])
    facts = {
        "probability_of": f"becoming relevant in a window like valid, among the first {k}",
        "customers": listed.lists,
        "rate": float(outcome.mean()),
        "ece": expected_calibration_error(held_out, outcome[~half], equal="count"),
    }
    return fit_smoothed_isotonic(forecast, outcome).arrays(), facts
