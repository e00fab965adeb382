"""Maps scores to probabilities, fitted on the valid window of a run."""

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
"""Most queries: a hundred thousand listed products are enough for a curve."""


def fit_calibrator(
    run: TrackedRun, k: int, allow: Sequence[str] = ()
) -> tuple[Mapping[str, FloatArray], dict[str, Any]]:
    """Fits the run's model on train again, and an isotonic curve from scores to outcomes on valid.

    The queries are all customers with a past, not only those of the ranking metrics, who took
    something in the window: probabilities among those alone would be too high. The exported model
    is fitted on more events; its scores are assumed to have the same scale.

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
    model = settings_of_run(run, allow).model.fit(window.past)
    ranking = rank(model.score, all_customers(window), k)
    rows, ranks = np.nonzero(ranking.columns >= 0)
    forecast = as_probability(ranking.scores[rows, ranks])
    outcome = ranking.entries[rows, ranks] >= 0
    # Queries are in random order: every second one gives a random half.
    half = rows % 2 == 0
    held_out = fit_isotonic(forecast[half], outcome[half])(forecast[~half])
    facts = {
        "probability_of": f"becoming relevant in a window like valid, among the first {k}",
        "customers": len(ranking.columns),
        "rate": float(outcome.mean()),
        "ece": expected_calibration_error(held_out, outcome[~half], equal="count"),
    }
    return fit_isotonic(forecast, outcome).arrays(), facts


def all_customers(window: Window) -> Queries:
    """Queries of at most 10,000 customers with a past, in random order (seed 0)."""
    past, queries = window.past, window.queries
    shape = (len(past.customers), len(past.products))
    active = np.flatnonzero(past.history_lengths > 0)
    customers = np.random.default_rng(0).permutation(active)[:_CUSTOMERS].astype(np.int32)
    rows, products = queries.relevant.tocoo().coords
    relevant = _pairs(queries.customers[rows], products, shape)
    seen = None
    if past.filter_seen:
        events = past.interactions.select(past.interactions.products >= 0)
        seen = _pairs(events.customers, events.products, shape)[customers]
    return Queries(
        customers=customers,
        relevant=relevant[customers],
        seen=seen,
        eligible=queries.eligible,
        history=past.history_lengths[customers],
    )


def _pairs(customers: Any, products: Any, shape: tuple[int, int]) -> csr_array:
    matrix = csr_array((np.ones(len(customers), bool), (customers, products)), shape=shape)
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix
