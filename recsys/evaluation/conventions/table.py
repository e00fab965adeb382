"""Which library defines which metric how, with the version whose outputs the tests hold.

Lists of a library are measured as its own evaluation does with its defaults. Where a metric has no
length of the list (Cornac's MAP and MRR), it is not here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.conventions import formulas
from recsys.evaluation.conventions.lists import Lists
from recsys.evaluation.metrics.capped import capped_average_precision, capped_recall
from recsys.evaluation.metrics.ranking import (
    average_precision,
    hit_rate,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
)

Library: TypeAlias = Literal[
    "recbole", "rectools", "lenskit", "replay", "cornac", "implicit", "pyg", "torchmetrics", "spark"
]
"""A name of `CONVENTIONS`."""

WithoutTest: TypeAlias = Literal["leave_out", "zero"]
"""What customers count who were known before the window and have nothing relevant in it."""

Formula: TypeAlias = Callable[[Lists], FloatArray]
"""Lists of Q customers -> [Q] float64."""


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How a library measures.

    Attributes:
        version: of the package whose outputs the tests hold, as "recbole 1.2.1".
        metrics: our name of a metric -> its formula there.
        without_test: what customers count without a relevant product.
        drops_empty_lists: whether customers without any list are left out; else they count 0.
        of_sums: metrics of all customers together, whose values by customer are linearised.
    """

    version: str
    metrics: Mapping[str, Formula]
    without_test: WithoutTest = "leave_out"
    drops_empty_lists: bool = False
    of_sums: frozenset[str] = frozenset()


def _ours(metric: Callable[[BoolArray, IntArray, int], FloatArray]) -> Formula:
    return lambda lists: metric(lists.hit, lists.relevant, lists.k)


def _by_events(metric: Callable[[BoolArray, IntArray, int], FloatArray]) -> Formula:
    """A metric of ours where each event counts as one relevant product in its divisor."""
    return lambda lists: metric(lists.hit, lists.events, lists.k)


_OURS: Mapping[str, Formula] = {
    "precision": _ours(precision),
    "recall": _ours(recall),
    "ndcg": _ours(ndcg),
    "map": _ours(average_precision),
    "mrr": _ours(reciprocal_rank),
    "hit_rate": _ours(hit_rate),
}
_CAPPED_MAP: Mapping[str, Formula] = {"map": _ours(capped_average_precision)}


def _some(*names: str) -> dict[str, Formula]:
    return {name: _OURS[name] for name in names}


CONVENTIONS: Mapping[Library, Convention] = MappingProxyType(
    {
        "recbole": Convention(version="recbole 1.2.1", metrics={**_OURS, **_CAPPED_MAP}),
        "rectools": Convention(
            version="RecTools 0.19.0",
            metrics={
                **_OURS,
                "precision": formulas.precision_of_events,
                "recall": formulas.recall_of_events,
                "ndcg": formulas.ndcg_over_k,
                "map": formulas.ap_of_events,
            },
        ),
        "lenskit": Convention(
            version="lenskit 2025.8.1",
            metrics={
                **_OURS,
                "precision": formulas.precision_of_length,
                "recall": _ours(capped_recall),
                "ndcg": formulas.ndcg_from_rank_two,
                "map": formulas.ap_of_length,
            },
            drops_empty_lists=True,
        ),
        "replay": Convention(
            version="replay-rec 0.22.0",
            metrics={
                **_OURS,
                "ndcg": _by_events(ndcg),
                "map": _by_events(capped_average_precision),
            },
        ),
        "cornac": Convention(
            version="cornac 3.0.1", metrics=_some("precision", "recall", "ndcg", "hit_rate")
        ),
        "implicit": Convention(
            version="implicit 0.7.3",
            metrics={"precision": formulas.summed_precision, **_CAPPED_MAP, **_some("ndcg")},
            of_sums=frozenset({"precision"}),
        ),
        "pyg": Convention(
            version="torch-geometric 2.8.1",
            metrics={
                **_OURS,
                "recall": _by_events(recall),
                "ndcg": _by_events(ndcg),
                "map": _by_events(capped_average_precision),
            },
        ),
        "torchmetrics": Convention(
            version="torchmetrics 1.9.0",
            metrics={**_OURS, "map": formulas.ap_of_hits},
            without_test="zero",
        ),
        "spark": Convention(
            version="pyspark 4.3.0",
            metrics={**_some("precision", "recall", "ndcg"), **_CAPPED_MAP},
            without_test="zero",
        ),
    }
)
"""Library -> how it measures."""

LIBRARIES: tuple[Library, ...] = get_args(Library)
