"""Every metric that a run can be asked for, by the name of its mean over queries."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.catalogue_statistics import CatalogueStatistics
from recsys.evaluation.metrics.catalogue import (
    catalogue_coverage,
    category_calibration,
    gini,
    intra_list_diversity,
    novelty,
    popularity_lift,
)
from recsys.evaluation.metrics.ranking import (
    average_precision,
    hit_rate,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
)

OF_HITS: Mapping[str, Callable[[BoolArray, IntArray, int], FloatArray]] = {
    "precision": precision,
    "recall": recall,
    "ndcg": ndcg,
    "map": average_precision,
    "mrr": reciprocal_rank,
    "hit_rate": hit_rate,
}
"""From hits [Q, k], numbers of relevant products [Q] and k: between 0 and 1, higher is better."""

AUC = "auc"
"""From the ranks of all relevant products; it has no k."""

OfList: TypeAlias = Callable[[IntArray, CatalogueStatistics], FloatArray]
OF_LISTS: Mapping[str, OfList] = {
    "novelty": lambda lists, past: novelty(lists, past.buyers, past.population),
    "intra_list_diversity": lambda lists, past: intra_list_diversity(lists, past.one_hot),
    "popularity_lift": lambda lists, past: popularity_lift(lists, past.history, past.events),
    "category_calibration": lambda lists, past: category_calibration(
        lists, past.history, past.categories
    ),
}
"""From lists [Q, k] and what was known before the window, whatever came of it afterwards."""

NEED_CATEGORIES = {"intra_list_diversity", "category_calibration"}
"""They are measured on the categories of products, which no model has learned."""

OF_CATALOGUE: Mapping[str, Callable[[IntArray, BoolArray], float]] = {
    "coverage": catalogue_coverage,
    "gini": gini,
}
"""From the lists of all queries [Q, k] and what is eligible [P]: one number a run.

It has no interval: in a resample of customers some lists are there twice, so fewer products are
shown and less evenly, in all resamples alike.
"""

METRICS = (*OF_HITS, AUC, *OF_LISTS, *OF_CATALOGUE)
USUAL = ("recall", "ndcg")


def columns(metrics: Sequence[str], ks: Sequence[int]) -> list[str]:
    """What names of `METRICS` are called at each k, as "recall@20"."""
    return [
        column
        for name in metrics
        for column in ([name] if name == AUC else [f"{name}@{k}" for k in ks])
    ]
