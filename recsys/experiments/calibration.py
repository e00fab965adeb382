"""What scores are worth as probabilities: a map fitted on the valid window of the chosen run."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.data.queries import Queries, Window
from recsys.evaluation.full_ranking import rank
from recsys.evaluation.metrics.probability import expected_calibration_error
from recsys.evaluation.recalibration import fit_isotonic
from recsys.experiments.rerun import settings_of_run, valid_of_run
from recsys.serving.artifact.probability import as_probability
from recsys.tracking.read import TrackedRun

_CUSTOMERS = 10_000
"""Queries at most: a hundred thousand listed products are plenty for a curve."""


def calibrated(
    run: TrackedRun, k: int, allow: Sequence[str] = ()
) -> tuple[Mapping[str, FloatArray], dict[str, Any]]:
    """Fits the run's model on train again, and a rising curve from its scores to what valid saw.

    Everybody who was known then counts, also those who took nothing: the customers of a ranking
    metric are only those who took something, and probabilities among them would be too high. The
    model that is exported has seen more events, whose scores are taken to mean the same.

    Args:
        run: the chosen one.
        k: products listed a customer, which alone count.
        allow: see `recsys.experiments.rerun.settings_of_run`.

    Returns:
        Arrays for `Contents.calibrator`, and for the manifest: of what the probability is, how
        often it came true, and the expected calibration error (bins of equal count) of a curve
        fitted on half the customers for the other half.

    Raises:
        InputError: the data changed since the run.
    """
    window = valid_of_run(run, allow)
    model = settings_of_run(run, allow).model.fit(window.past)
    ranking = rank(model.score, everybody(window), k)
    owners, places = np.nonzero(ranking.columns >= 0)
    forecast = as_probability(ranking.scores[owners, places])
    outcome = ranking.entries[owners, places] >= 0
    # Queries are in random order, so that every second one is a fair half.
    half = owners % 2 == 0
    other = fit_isotonic(forecast[half], outcome[half])(forecast[~half])
    measured = {
        "probability_of": f"becoming relevant in a window like valid, among the first {k}",
        "customers": len(ranking.columns),
        "rate": float(outcome.mean()),
        "ece": expected_calibration_error(other, outcome[~half], equal="count"),
    }
    return fit_isotonic(forecast, outcome).arrays(), measured


def everybody(window: Window) -> Queries:
    """Asks for at most 10,000 customers with a past, in seeded random order."""
    past, asked = window.past, window.queries
    shape = (len(past.customers), len(past.products))
    known = np.flatnonzero(past.history_lengths > 0)
    known = np.random.default_rng(0).permutation(known)[:_CUSTOMERS].astype(np.int32)
    answers = asked.relevant.tocoo()
    relevant = _pairs(asked.customers[answers.coords[0]], answers.coords[1], shape)
    seen = None
    if past.filter_seen:
        events = past.interactions.select(past.interactions.products >= 0)
        seen = _pairs(events.customers, events.products, shape)[known]
    return Queries(
        customers=known,
        relevant=relevant[known],
        seen=seen,
        eligible=asked.eligible,
        history=past.history_lengths[known],
    )


def _pairs(customers: Any, products: Any, shape: tuple[int, int]) -> csr_array:
    matrix = csr_array((np.ones(len(customers), bool), (customers, products)), shape=shape)
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix
