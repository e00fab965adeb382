"""A window measured: every metric asked for, with intervals, whole and in slices."""

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
from recsys.evaluation.measures import AUC, NEED_CATEGORIES, name_of
from recsys.evaluation.per_query import PerQuery, measured, sliced

Slices = Mapping[str, Mapping[str, Mapping[str, Interval]]]
"""Dimension -> slice -> metric -> interval."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Metrics of one window.

    Attributes:
        per_query: one value a query.
        intervals: metric -> its interval over customers; without those that no query has.
        slices: the same by dimension and slice, where asked for.
    """

    per_query: PerQuery
    intervals: Mapping[str, Interval]
    slices: Slices = field(default_factory=dict)


def measure(
    score: Score, window: Window, config: MeasureConfig, in_slices: bool = False
) -> Measured:
    """Ranks every query of a window once and measures what the configuration asks for."""
    ranking = rank(score, window.queries, max(config.ks), in_full=AUC in config.metrics)
    past = background(window)
    found = measured(ranking, window.queries, config.ks, config.metrics, past)
    intervals = bootstrap(
        found.values, found.customers, resamples=config.resamples, level=config.level
    )
    return Measured(
        per_query=found,
        intervals={name: value for name, value in intervals.items() if value.customers},
        slices=_slices(ranking, window, past, found, config) if in_slices else {},
    )


def refuse_unknown(data: Dataset, config: MeasureConfig) -> None:
    """Raises `InputError` where a metric or slice needs what the data do not have."""
    if NEED_CATEGORIES.intersection(map(name_of, config.metrics)):
        product_categories(data)
    if config.segment is not None:
        segment_labels(data, config.segment)


def _slices(
    ranking: Ranking,
    window: Window,
    past: CatalogueStatistics,
    found: PerQuery,
    config: MeasureConfig,
) -> Slices:
    values = sliced(
        ranking, window.queries, config.ks, config.metrics, found, cuts(window, past, config), past
    )
    # All slices at once, so that customers are drawn once.
    intervals = bootstrap(values, found.customers, resamples=config.resamples, level=config.level)
    nested: dict[str, dict[str, dict[str, Interval]]] = {}
    for (dimension, name, metric), interval in intervals.items():
        if interval.customers:
            nested.setdefault(dimension, {}).setdefault(name, {})[metric] = interval
    return nested
