"""Scores and probabilities of a window become a reading."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array

from benchmarks.insurance.reading import WHOLE, InsuranceReading
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.evaluation.forecasts import Forecasts, forecasts
from recsys.evaluation.full_ranking import rank
from recsys.evaluation.intervals import by_customer, resampled_means
from recsys.evaluation.per_query import of_relevant

K = 3
OF_PRODUCTS = (f"hit_rate@{K}", f"mrr@{K}")
OF_KINDS = ("log_loss", "auc")
LEVEL = 0.95


def read_products(
    name: str,
    scores: Mapping[str, FloatArray],
    bought: BoolArray,
    customers: IntArray,
    before: BoolArray,
    resamples: int,
) -> InsuranceReading:
    """The first question.

    Args:
        name: of the reading.
        scores: model -> [n, P].
        bought: [n, P] what is relevant; owned products stay in the ranking.
        customers: [n] row numbers.
        before: [n] whether the customer had bought before.
        resamples: of customers.
    """
    queries = Queries(
        customers=np.arange(len(bought), dtype=np.int32),
        relevant=csr_array(bought),
        seen=None,
        eligible=np.ones(bought.shape[1], bool),
        history=before.astype(np.int64),
    )
    metrics = [metric.partition("@")[0] for metric in OF_PRODUCTS]
    values: dict[tuple[str, str], FloatArray] = {}
    for model, of_model in scores.items():
        single = of_model.astype(np.float32)
        ranking = rank(single.__getitem__, queries, K, progress=False)
        measured = of_relevant(ranking, queries, [K], metrics)
        values |= {(model, metric): measured[metric] for metric in OF_PRODUCTS}
    return _reading(
        name, OF_PRODUCTS, list(scores), "popularity", before,
        lambda mask: _means(values, customers, mask, resamples),
    )  # fmt: skip


def read_kinds(
    name: str,
    probabilities: Mapping[str, FloatArray],
    outcome: BoolArray,
    customers: IntArray,
    before: BoolArray,
    resamples: int,
) -> InsuranceReading:
    """The second question.

    Args:
        name: of the reading.
        probabilities: model -> [n].
        outcome: [n].
        customers: [n] row numbers.
        before: [n] whether the customer had bought before.
        resamples: of customers.
    """
    return _reading(
        name, OF_KINDS, list(probabilities), "markov", before,
        lambda mask: forecasts(
            {model: p[mask] for model, p in probabilities.items()},
            outcome[mask],
            customers[mask],
            resamples=resamples,
            level=LEVEL,
        ),
    )  # fmt: skip


def _reading(
    name: str,
    metrics: Sequence[str],
    models: Sequence[str],
    rival: str,
    before: BoolArray,
    results_of: Callable[[BoolArray], Forecasts],
) -> InsuranceReading:
    parts = _parts(before)
    return InsuranceReading(
        name=name,
        metrics=metrics,
        models=models,
        rival=rival,
        sizes={part: int(mask.sum()) for part, mask in parts.items()},
        results={part: results_of(mask) for part, mask in parts.items()},
    )


def _parts(before: BoolArray) -> dict[str, BoolArray]:
    """Slice -> mask [n]; one that nobody is in is left out."""
    parts = {WHOLE: np.ones(len(before), bool), "first_purchase": ~before, "bought_before": before}
    return {name: mask for name, mask in parts.items() if mask.any()}


def _means(
    values: Mapping[tuple[str, str], FloatArray],
    customers: IntArray,
    mask: BoolArray,
    resamples: int,
) -> Forecasts:
    """Means over questions and their resamples, all models on the same ones."""
    columns = [*values.values(), np.ones(len(mask))]
    amounts = by_customer(np.column_stack(columns)[mask], customers[mask])
    sums, counts = amounts[:, :-1], amounts[:, -1]
    means = sums.sum(axis=0, keepdims=True) / counts.sum()
    draws = np.concatenate([means, resampled_means(sums, counts, resamples, seed=0)])
    return Forecasts(
        draws=dict(zip(values, draws.T, strict=True)), customers=len(amounts), level=LEVEL
    )
