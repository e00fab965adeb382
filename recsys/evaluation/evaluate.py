"""Measures a window: every metric with intervals, overall and in slices."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.evaluation.catalogue_statistics import (
    CatalogueStatistics,
    background,
    product_categories,
)
from recsys.evaluation.config import MeasureConfig
from recsys.evaluation.dimensions import cuts, segment_labels
from recsys.evaluation.full_ranking import Ranking, Score, rank
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.evaluation.measures import NEED_CATEGORIES, name_of
from recsys.evaluation.per_query import PerQuery, measured, needs_ranks, sliced
from recsys.evaluation.without_test import with_others

Slices = Mapping[str, Mapping[str, Mapping[str, Interval]]]
"""Dimension -> slice -> metric -> interval."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Metrics of one window.

    Attributes:
        per_query: one value a query; and, where metrics count them, one row for each customer
            without a relevant product.
        intervals: metric -> its interval over customers; without those that no query has.
        slices: the same by dimension and slice, of queries alone; empty unless `measure` was called
            with in_slices.
    """

    per_query: PerQuery
    intervals: Mapping[str, Interval]
    slices: Slices = field(default_factory=dict)


def measure(
    score: Score, window: Window, config: MeasureConfig, in_slices: bool = False
) -> Measured:
    """Ranks every query of a window once and measures the lists.

    Args:
        score: of the model.
        window: its past and queries.
        config: what is measured.
        in_slices: also in slices of the queries and of their relevant products.

    Raises:
        ValueError: a score is NaN, or the score array has the wrong shape.
        InputError: as `refuse_unknown`, or a metric did not return one number a query.
    """
    ranking = _ranked(score, window, config)
    past = background(window)
    queries = measured(ranking, window.queries, config.ks, config.metrics, past)
    everyone = with_others(queries, window, config.ks, config.metrics, config.without_test)
    return Measured(
        per_query=everyone,
        intervals=intervals_of(everyone, config),
        slices=_slices(ranking, window, past, queries, config) if in_slices else {},
    )


def values_of(score: Score, window: Window, config: MeasureConfig) -> PerQuery:
    """The `per_query` of `measure` alone, without intervals."""
    ranking = _ranked(score, window, config)
    queries = measured(ranking, window.queries, config.ks, config.metrics, background(window))
    return with_others(queries, window, config.ks, config.metrics, config.without_test)


def intervals_of(per_query: PerQuery, config: MeasureConfig) -> dict[str, Interval]:
    """Metric -> its interval over customers; without those that no query has."""
    intervals = bootstrap(
        per_query.values, per_query.customers, resamples=config.resamples, level=config.level
    )
    return {name: value for name, value in intervals.items() if value.customers}


def refuse_unknown(data: Dataset, config: MeasureConfig) -> None:
    """Raises `InputError` where a metric or slice needs what the data do not have."""
    if NEED_CATEGORIES.intersection(map(name_of, config.metrics)):
        product_categories(data)
    if config.segment is not None:
        segment_labels(data, config.segment)


def _ranked(score: Score, window: Window, config: MeasureConfig) -> Ranking:
    return rank(score, window.queries, max(config.ks), in_full=needs_ranks(config.metrics))


def _slices(
    ranking: Ranking,
    window: Window,
    past: CatalogueStatistics,
    per_query: PerQuery,
    config: MeasureConfig,
) -> Slices:
    values = sliced(
        ranking,
        window.queries,
        config.ks,
        config.metrics,
        per_query,
        cuts(window, past, config),
        past,
    )
    # All slices at once, so that customers are drawn once.
    intervals = bootstrap(
        values, per_query.customers, resamples=config.resamples, level=config.level
    )
    nested: dict[str, dict[str, dict[str, Interval]]] = {}
    for (dimension, name, metric), interval in intervals.items():
        if interval.customers:
            nested.setdefault(dimension, {}).setdefault(name, {})[metric] = interval
    return nested
