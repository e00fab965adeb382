"""Customers who were known before a window and have nothing relevant in it, counted as 0."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys.arrays import IntArray
from recsys.data.queries import Window
from recsys.evaluation.conventions.table import WithoutTest
from recsys.evaluation.measures import AUC, OF_RANKS, Metric, columns, measure_of
from recsys.evaluation.per_query import PerQuery


def with_others(
    per_query: PerQuery,
    window: Window,
    ks: Sequence[int],
    metrics: Sequence[Metric],
    without_test: WithoutTest | None = None,
) -> PerQuery:
    """The metrics, with zeros for each customer without a relevant product where these count.

    A customer who has an event before the window could have been given a list; nothing in it could
    have been a hit, so that the lists need not be made. Metrics of lists, auc, ratios of sums, to
    which they add nothing, and metrics that leave these customers out have nan there. Slices do not
    have these rows.

    Args:
        per_query: of the queries of the window.
        window: its past says who was known.
        ks: lengths of the list.
        metrics: that were measured.
        without_test: "zero" counts these customers in every metric of hits, "leave_out" in none;
            None follows the library by whose convention a metric is measured, and leaves them out
            of ours.

    Returns:
        `per_query` itself where no metric counts them.
    """
    zeros = set(columns([metric for metric in metrics if _counts(metric, without_test)], ks)) & set(
        per_query.values
    )
    if not zeros:
        return per_query
    history = window.past.history_lengths
    others = _others(history, window.queries.customers)
    none, nothing = np.zeros(len(others)), np.full(len(others), np.nan)
    return replace(
        per_query,
        customers=np.concatenate([per_query.customers, others]),
        history=np.concatenate([per_query.history, history[others]]),
        values={
            name: np.concatenate([values, none if name in zeros else nothing])
            for name, values in per_query.values.items()
        },
    )


def _others(history: IntArray, evaluated: IntArray) -> IntArray:
    """Row numbers of customers with events before the window [C] who are not evaluated."""
    known = history > 0
    known[evaluated] = False
    return np.flatnonzero(known).astype(evaluated.dtype)


def _counts(metric: Metric, without_test: WithoutTest | None) -> bool:
    measure = measure_of(metric)
    if measure is None:
        return metric in OF_RANKS and metric != AUC and without_test == "zero"
    convention = measure.convention
    if convention is not None and convention.is_of_sums:
        return False
    own = "leave_out" if convention is None else convention.convention.without_test
    return measure.is_of_hits and (without_test or own) == "zero"
