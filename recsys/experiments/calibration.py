"""Maps scores to probabilities, fitted on the valid window of a run."""

from collections.abc import Mapping, Sequence
from typing import Any

from recsys.arrays import FloatArray
from recsys.evaluation.metrics.probability import expected_calibration_error
from recsys.experiments.rerun import settings_of_run, valid_of_run
from recsys.exporting.ranked_outcomes import ranked_outcomes
from recsys.exporting.smoothed_curve import fit_smoothed_isotonic
from recsys.serving.artifact.probability import as_probability
from recsys.tracking.read import TrackedRun


def fit_calibrator(
    run: TrackedRun, k: int, allow: Sequence[str] = ()
) -> tuple[Mapping[str, FloatArray], dict[str, Any]]:
    """Fits the run's model on train again, and a rising curve from scores to outcomes on valid.

    The exported model is fitted on more events; its scores are assumed to have the same scale.

    Args:
        run: the run to export.
        k: length of the lists whose products are used.
        allow: packages beside recsys whose classes may be built.

    Returns:
        Arrays for `Contents.calibrator`, and facts for the manifest: what the probability is of,
        the rate of positive outcomes, and the expected calibration error (bins of equal count) on
        half of the customers, of a curve fitted on the other half.

    Raises:
        InputError: the data changed since the run.
    """
    window = valid_of_run(run, allow)
    listed = ranked_outcomes(settings_of_run(run, allow).model.fit(window.past).score, window, k)
    forecast, outcome, half = as_probability(listed.scores), listed.taken, listed.half
    held_out = fit_smoothed_isotonic(forecast[half], outcome[half])(forecast[~half])
    facts = {
        "probability_of": f"becoming relevant in a window like valid, among the first {k}",
        "customers": listed.lists,
        "rate": float(outcome.mean()),
        "ece": expected_calibration_error(held_out, outcome[~half], equal="count"),
    }
    return fit_smoothed_isotonic(forecast, outcome).arrays(), facts
