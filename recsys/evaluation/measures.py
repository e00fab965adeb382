"""Every metric that an evaluation can measure: those of recsys by name, and functions of yours.

A metric is a function whose arguments are named by what it needs, any of

    hit: [Q, k] bool, whether the product at each position of the list is relevant, best first.
    relevant: [Q] number of relevant products of each query, at least 1.
    k: length of the list.
    lists: [Q, k] row numbers of the listed products, best first, -1 for none.
    past: what was known before the window, a `CatalogueStatistics`.

It returns [Q] numbers, one a query; nan where a query has none. It is measured at each k under its
own name, as `first_hit@10`:

    def first_hit(hit, relevant, k):
        return hit[:, 0]

A metric that needs `hit` or `relevant` is one of hits: higher is better, it has a number for every
query, and it is measured in slices of relevant products too.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.catalogue_statistics import CatalogueStatistics
from recsys.evaluation.conventions.metric import ConventionMetric
from recsys.evaluation.metrics.capped import capped_average_precision, capped_recall
from recsys.evaluation.metrics.catalogue import (
    catalogue_coverage,
    category_calibration,
    gini,
    intra_list_diversity,
    novelty,
    popularity_lift,
)
from recsys.evaluation.metrics.rank_biased import rbp50, rbp80, rbp95
from recsys.evaluation.metrics.ranking import (
    auc,
    average_precision,
    hit_rate,
    ndcg,
    precision,
    r_precision,
    recall,
    reciprocal_rank,
)

MetricFunction: TypeAlias = Callable[..., Any]
Metric: TypeAlias = str | MetricFunction
"""A name of `METRICS`, or a function as described above."""

INPUTS = ("hit", "relevant", "k", "lists", "past")
"""What the arguments of a metric may be called."""

_OF_CONVENTIONS = ("hit", "relevant", "k", "lists", "times", "events")
"""What metrics of other libraries take: they also need what was bought twice."""

OF_HITS: Mapping[str, Callable[[BoolArray, IntArray, int], FloatArray]] = {
    "precision": precision,
    "recall": recall,
    "ndcg": ndcg,
    "map": average_precision,
    "mrr": reciprocal_rank,
    "hit_rate": hit_rate,
    "capped_recall": capped_recall,
    "capped_map": capped_average_precision,
    "rbp50": rbp50,
    "rbp80": rbp80,
    "rbp95": rbp95,
}
"""Name -> metric of hits, between 0 and 1."""

AUC = "auc"
"""Compares relevant products with others; undefined for a customer who has only one kind."""

OF_RANKS: Mapping[str, Callable[[FloatArray, IntArray, IntArray], FloatArray]] = {
    AUC: auc,
    "r_precision": r_precision,
}
"""Name -> metric of the ranks of all relevant products, between 0 and 1; it has no k."""

OF_LISTS: Mapping[str, Callable[[IntArray, CatalogueStatistics], FloatArray]] = {
    "novelty": lambda lists, past: novelty(lists, past.buyers, past.population),
    "intra_list_diversity": lambda lists, past: intra_list_diversity(lists, past.one_hot),
    "popularity_lift": lambda lists, past: popularity_lift(lists, past.history, past.events),
    "category_calibration": lambda lists, past: category_calibration(
        lists, past.history, past.categories
    ),
}
"""Name -> metric of lists, whatever is relevant."""

NEED_CATEGORIES = {"intra_list_diversity", "category_calibration"}
"""They are measured on the categories of products, which no model has learned."""

OF_CATALOGUE: Mapping[str, Callable[[IntArray, BoolArray], float]] = {
    "coverage": catalogue_coverage,
    "gini": gini,
}
"""From the lists of all queries [Q, k] and what is eligible [P]: one number a run.

It has no interval: in every resample of customers some lists occur twice, so fewer products are
shown, and less evenly.
"""

METRICS = (*OF_HITS, *OF_RANKS, *OF_LISTS, *OF_CATALOGUE)
USUAL = ("recall", "ndcg")


@dataclass(frozen=True)
class Measure:
    """A metric that has one number a query and k.

    Attributes:
        name: without its k.
        function: see the module.
        inputs: names of its arguments, some of `INPUTS`.
    """

    name: str
    function: MetricFunction
    inputs: tuple[str, ...]

    @property
    def is_of_hits(self) -> bool:
        """Whether it depends on what is relevant."""
        return not {"hit", "relevant"}.isdisjoint(self.inputs)

    @property
    def convention(self) -> ConventionMetric | None:
        """The metric, if it is one of another library."""
        return self.function if isinstance(self.function, ConventionMetric) else None

    @property
    def can_choose(self) -> bool:
        """Whether models can be chosen by it, from hits alone."""
        return self.is_of_hits and "past" not in self.inputs

    def __call__(self, **available: Any) -> FloatArray:
        """[Q] float64, from what is available of `INPUTS`; `lists` [Q, k] always is.

        Raises:
            ValueError: the past is needed and not available.
            InputError: the function returned something else than one number a query.
        """
        if "past" in self.inputs and available.get("past") is None:
            raise ValueError(f"{self.name} needs the past: past=background(window)")
        values = self.function(**{name: available[name] for name in self.inputs})
        shape, wanted = np.shape(values), (len(available["lists"]),)
        if shape != wanted:
            raise InputError(
                f"evaluate.metrics: {self.name} returned an array of shape {shape}, expected "
                f"{wanted}; return one number a query"
            )
        numbers = np.asarray(values, np.float64)
        # Some libraries leave out customers without a list.
        odd = np.isinf(numbers) if self.convention is not None else ~np.isfinite(numbers)
        if self.is_of_hits and odd.any():
            raise InputError(
                f"evaluate.metrics: {self.name} returned nan or infinity, expected a finite number "
                "for every query, because it needs hit or relevant; return 0 where nothing is found"
            )
        return numbers


def name_of(metric: Metric) -> str:
    """What a metric is called, without its k."""
    return metric if isinstance(metric, str) else str(getattr(metric, "__name__", metric))


def measure_of(metric: Metric) -> Measure | None:
    """The metric as what is called for each k; None for those of ranks and of the whole catalogue.

    Raises:
        InputError: it is no name, and no function whose arguments are some of `INPUTS`.
    """
    if isinstance(metric, str):
        if metric not in (*OF_HITS, *OF_LISTS):
            return None
        name, metric = metric, OF_HITS[metric] if metric in OF_HITS else OF_LISTS[metric]
    elif isinstance(metric, ConventionMetric):
        return Measure(name_of(metric), metric, _OF_CONVENTIONS)
    else:
        name = name_of(metric)
    return Measure(name, metric, _inputs(metric, name))


def measures_of(metrics: Sequence[Metric]) -> list[Measure]:
    """The metrics that have one number a query and k, in their order."""
    return [measure for metric in metrics if (measure := measure_of(metric)) is not None]


def columns(metrics: Sequence[Metric], ks: Sequence[int]) -> list[str]:
    """What metrics are called at each k, as "recall@20"."""
    return [
        column
        for name in map(name_of, metrics)
        for column in ([name] if name in OF_RANKS else [f"{name}@{k}" for k in ks])
    ]


def _inputs(function: object, name: str) -> tuple[str, ...]:
    if not callable(function):
        raise InputError(f"evaluate.metrics: expected names and functions, got {function!r}")
    try:
        inputs = tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some functions written in C have no signature
        inputs = ()
    if not inputs or not set(inputs) <= set(INPUTS):
        raise InputError(
            f"evaluate.metrics: expected arguments of {name} to be some of {', '.join(INPUTS)}, "
            f"got ({', '.join(inputs)}); rename them"
        )
    return inputs
