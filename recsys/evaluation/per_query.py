"""One value a query and metric: what intervals, slices and comparisons are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.evaluation.catalogue_statistics import CatalogueStatistics
from recsys.evaluation.full_ranking import Ranking, Score, rank
from recsys.evaluation.measures import AUC, OF_CATALOGUE, OF_HITS, OF_LISTS, USUAL, columns
from recsys.evaluation.metrics.ranking import auc
from recsys.evaluation.slices import Cut, members
from recsys.ops.csr import entry_rows


@dataclass(frozen=True, kw_only=True, eq=False)
class PerQuery:
    """Metrics by query.

    Attributes:
        customers: [Q] row numbers; a customer may ask more than once.
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
    metrics: Sequence[str] = USUAL,
    past: CatalogueStatistics | None = None,
) -> PerQuery:
    """Full ranking of every query and its metrics; see `measured`."""
    ranking = rank(score, queries, max(ks), progress, in_full=AUC in metrics)
    return measured(ranking, queries, ks, metrics, past)


def measured(
    ranking: Ranking,
    queries: Queries,
    ks: Sequence[int],
    metrics: Sequence[str],
    past: CatalogueStatistics | None = None,
) -> PerQuery:
    """Metrics of a ranking, names of `METRICS`, at each k.

    Raises:
        ValueError: a metric of `OF_LISTS` is asked for without the past.
        InputError: one of them needs categories, and no product has one.
    """
    values = of_relevant(ranking, queries, ks, metrics)
    catalogue = {}
    for name, k in product(metrics, ks):
        lists = ranking.columns[:, :k]
        if name in OF_LISTS:
            if past is None:
                raise ValueError(f"{name} needs the past: past=background(window)")
            values[f"{name}@{k}"] = OF_LISTS[name](lists, past)
        elif name in OF_CATALOGUE:
            catalogue[f"{name}@{k}"] = OF_CATALOGUE[name](lists, queries.eligible)
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
    metrics: Sequence[str],
    kept: BoolArray | None = None,
) -> dict[str, FloatArray]:
    """Metrics that depend on what is relevant.

    Args:
        ranking: of the queries.
        queries: what was asked.
        ks: cuts of the list.
        metrics: names; those of `OF_HITS` and "auc" are measured.
        kept: [N] which relevant products count; all where None. The others are not relevant, and
            keep their places in the lists.

    Returns:
        Metric -> [Q]; nan for a query that is left without a relevant product.
    """
    owner = entry_rows(queries.relevant.indptr)
    kept = np.ones(len(owner), bool) if kept is None else kept
    relevant = np.bincount(owner[kept], minlength=len(queries))
    asked = relevant > 0
    hit = (ranking.found[asked] >= 0) & kept[ranking.found[asked]]
    values: dict[str, FloatArray] = {}
    for name in (name for name in metrics if name in OF_HITS):
        for k in ks:
            values[f"{name}@{k}"] = np.full(len(queries), np.nan)
            values[f"{name}@{k}"][asked] = OF_HITS[name](hit, relevant[asked], k)
    if AUC in metrics:
        values[AUC] = _auc(ranking, queries, owner, kept)
    return values


def sliced(
    ranking: Ranking,
    queries: Queries,
    ks: Sequence[int],
    found: PerQuery,
    cuts: Mapping[str, Cut],
) -> dict[tuple[str, str, str], FloatArray]:
    """(dimension, slice, metric) -> [Q], nan outside the slice.

    A slice of queries has all metrics of `found`, one of relevant products those that depend on
    what is relevant.
    """
    names = list(dict.fromkeys(metric.partition("@")[0] for metric in found.values))
    values: dict[tuple[str, str, str], FloatArray] = {}
    for dimension, cut in cuts.items():
        for name, mask in members(cut).items():
            if cut.of_relevant:
                inside = of_relevant(ranking, queries, ks, names, mask)
            else:
                inside = {m: np.where(mask, v, np.nan) for m, v in found.values.items()}
            values |= {(dimension, name, metric): inside[metric] for metric in inside}
    return values


def _auc(ranking: Ranking, queries: Queries, owner: IntArray, kept: BoolArray) -> FloatArray:
    if ranking.mid_ranks is None:
        raise ValueError("auc needs rank(..., in_full=True)")
    # What is not on offer cannot be ranked, and counts for nobody.
    ranked = kept & ~np.isnan(ranking.mid_ranks)
    relevant = np.bincount(owner[ranked], minlength=len(queries))
    return auc(ranking.mid_ranks[ranked], relevant, _could_be_ranked(queries))


def _could_be_ranked(queries: Queries) -> IntArray:
    """[Q] number of products that are eligible and not seen."""
    total = np.full(len(queries), int(queries.eligible.sum()))
    if queries.seen is None:
        return total
    seen: IntArray = queries.seen.astype(np.int64) @ queries.eligible.astype(np.int64)
    return total - seen
