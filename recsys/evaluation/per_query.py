"""One value a query and metric: what intervals, slices and comparisons are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.evaluation.catalogue_statistics import CatalogueStatistics
from recsys.evaluation.conventions.metric import ConventionMetric
from recsys.evaluation.full_ranking import Ranking, Score, rank
from recsys.evaluation.measures import (
    AUC,
    OF_CATALOGUE,
    OF_RANKS,
    USUAL,
    Metric,
    columns,
    measure_of,
    measures_of,
)
from recsys.evaluation.slices import Cut, members
from recsys.ops.csr import entry_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class PerQuery:
    """Metrics by query.

    Attributes:
        customers: [Q] row numbers; a customer may have several queries.
        history: [Q] events before the window.
        values: metric -> [Q] float64; nan where a query has none.
        catalogue: metrics of all lists together, as "coverage@20".
    """

    customers: IntArray
    history: IntArray
    values: dict[str, FloatArray]
    catalogue: Mapping[str, float] = field(default_factory=dict)

    def table(self, customer_ids: Sequence[object]) -> pd.DataFrame:
        """One row a query: customer_id, history, one column a metric."""
        return pd.DataFrame({"customer_id": customer_ids, "history": self.history, **self.values})


def evaluate(
    score: Score,
    queries: Queries,
    ks: Sequence[int],
    progress: bool = True,
    metrics: Sequence[Metric] = USUAL,
    past: CatalogueStatistics | None = None,
) -> PerQuery:
    """Ranks all products for every query and measures the lists.

    Args:
        score: of the model.
        queries: the customers and their relevant products.
        ks: lengths of the list.
        progress: draw a bar on a terminal where it takes long.
        metrics: as for `measured`.
        past: as for `measured`.

    Raises:
        ValueError: as `rank` and `measured`.
        InputError: as `measured`.
    """
    ranking = rank(score, queries, max(ks), progress, in_full=needs_ranks(metrics))
    return measured(ranking, queries, ks, metrics, past)


def measured(
    ranking: Ranking,
    queries: Queries,
    ks: Sequence[int],
    metrics: Sequence[Metric],
    past: CatalogueStatistics | None = None,
) -> PerQuery:
    """Metrics of a ranking at each k.

    Args:
        ranking: of the queries.
        queries: the customers and their relevant products.
        ks: lengths of the list.
        metrics: names or functions, as described in `recsys.evaluation.measures`.
        past: what was known before the window, from `background(window)`, for metrics that need it.

    Raises:
        ValueError: a metric needs the past, and there is none.
        InputError: a metric needs categories, and no product has one; or a function did not return
            one number a query.
    """
    values = of_relevant(ranking, queries, ks, metrics, past=past)
    catalogue = {}
    for metric, k in product(metrics, ks):
        lists = ranking.columns[:, :k]
        measure = measure_of(metric)
        if measure is not None and not measure.is_of_hits:
            values[f"{measure.name}@{k}"] = measure(lists=lists, k=k, past=past)
        elif isinstance(metric, str) and metric in OF_CATALOGUE:
            catalogue[f"{metric}@{k}"] = OF_CATALOGUE[metric](lists, queries.eligible)
    return PerQuery(
        customers=queries.customers,
        history=queries.history,
        values={name: values[name] for name in columns(metrics, ks) if name in values},
        catalogue=catalogue,
    )


def of_relevant(
    ranking: Ranking,
    queries: Queries,
    ks: Sequence[int],
    metrics: Sequence[Metric],
    kept: BoolArray | None = None,
    past: CatalogueStatistics | None = None,
) -> dict[str, FloatArray]:
    """Metrics that depend on what is relevant.

    Args:
        ranking: of the queries.
        queries: the customers and their relevant products.
        ks: lengths of the list.
        metrics: those of hits and of ranks are measured, others are passed over.
        kept: [N] which relevant products count; all where None. The others are not relevant, and
            keep their positions in the lists.
        past: as for `measured`.

    Returns:
        Metric -> [Q]; nan for a query that is left without a relevant product.
    """
    owner = entry_rows(queries.relevant.indptr)
    kept = np.ones(len(owner), bool) if kept is None else kept
    relevant = np.bincount(owner[kept], minlength=len(queries))
    rows = relevant > 0
    entries = ranking.entries[rows]
    hit = (entries >= 0) & kept[entries]
    times = events = None
    if queries.times is not None:
        times = np.where(hit, queries.times[entries], 0)
        events = np.bincount(owner[kept], queries.times[kept], len(queries)).astype(np.int64)[rows]
    lists = ranking.columns[rows]
    past = past if past is None or rows.all() else past.select(rows)
    values: dict[str, FloatArray] = {}
    for measure in (measure for measure in measures_of(metrics) if measure.is_of_hits):
        for k in ks:
            values[f"{measure.name}@{k}"] = np.full(len(queries), np.nan)
            values[f"{measure.name}@{k}"][rows] = measure(
                hit=hit[:, :k], relevant=relevant[rows], k=k, lists=lists[:, :k], past=past,
                times=times, events=events,
            )  # fmt: skip
    for name in (name for name in OF_RANKS if name in metrics):
        values[name] = _of_ranks(name, ranking, queries, owner, kept)
    return values


def sliced(
    ranking: Ranking,
    queries: Queries,
    ks: Sequence[int],
    metrics: Sequence[Metric],
    per_query: PerQuery,
    cuts: Mapping[str, Cut],
    past: CatalogueStatistics | None = None,
) -> dict[tuple[str, str, str], FloatArray]:
    """(dimension, slice, metric) -> [Q], nan outside the slice.

    A slice of queries has all metrics, one of relevant products those that depend on what is
    relevant.

    Args:
        ranking: of the queries.
        queries: the customers and their relevant products.
        ks: lengths of the list.
        metrics: that were measured.
        per_query: their values, as `measured` returns them.
        cuts: dimension -> slices of the queries or of their relevant products.
        past: as for `measured`.
    """
    values: dict[tuple[str, str, str], FloatArray] = {}
    owner = entry_rows(queries.relevant.indptr)
    of_sums = [m for m in metrics if isinstance(m, ConventionMetric) and m.is_of_sums]
    for dimension, cut in cuts.items():
        for name, mask in members(cut).items():
            if cut.of_relevant:
                inside = of_relevant(ranking, queries, ks, metrics, mask, past)
            else:
                inside = {m: np.where(mask, v, np.nan) for m, v in per_query.values.items()}
                if of_sums:
                    inside |= of_relevant(ranking, queries, ks, of_sums, mask[owner], past)
            values |= {(dimension, name, metric): inside[metric] for metric in inside}
    return values


def needs_ranks(metrics: Sequence[Metric]) -> bool:
    """Whether a metric needs the ranks of relevant products below the k-th too."""
    return any(name in metrics for name in OF_RANKS)


def _of_ranks(
    name: str, ranking: Ranking, queries: Queries, owner: IntArray, kept: BoolArray
) -> FloatArray:
    if ranking.mid_ranks is None:
        raise ValueError(f"{name} needs rank(..., in_full=True)")
    # What is not on offer cannot be ranked; auc compares only what can.
    ranked = kept & ~np.isnan(ranking.mid_ranks) if name == AUC else kept
    relevant = np.bincount(owner[ranked], minlength=len(queries))
    return OF_RANKS[name](ranking.mid_ranks[ranked], relevant, _could_be_ranked(queries))


def _could_be_ranked(queries: Queries) -> IntArray:
    """[Q] number of products that are eligible and not seen."""
    total = np.full(len(queries), int(queries.eligible.sum()))
    if queries.seen is None:
        return total
    seen = np.asarray(queries.seen.astype(np.int64) @ queries.eligible.astype(np.int64), np.int64)
    return total - seen
