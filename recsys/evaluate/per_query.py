"""One value a query and metric: what intervals, slices and comparisons are made from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.errors import InputError
from recsys.evaluate.full_ranking import Score, rank
from recsys.evaluate.hits import hits
from recsys.evaluate.metrics.average_precision import average_precision
from recsys.evaluate.metrics.hit_rate import hit_rate
from recsys.evaluate.metrics.ndcg import ndcg
from recsys.evaluate.metrics.precision import precision
from recsys.evaluate.metrics.recall import recall
from recsys.evaluate.metrics.reciprocal_rank import reciprocal_rank

SLICES = ("cold", "warm", "hot")
METRICS = {
    "precision": precision,
    "recall": recall,
    "ndcg": ndcg,
    "map": average_precision,
    "mrr": reciprocal_rank,
    "hit_rate": hit_rate,
}
"""What can be measured at a cut of the list; the names are those of its mean over queries."""

USUAL = ("recall", "ndcg")


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """What is measured and how sure we want to be.

    Attributes:
        ks: cuts of the list.
        metrics: names of `METRICS`, each measured at every cut.
        metric: what models are chosen by, on valid.
        warm_from, hot_from: events before the window from which a customer counts as warm, hot.
        resamples: bootstrap resamples.
        level: confidence of the intervals.
        test: read the test window, after a refit on train + valid.
    """

    ks: tuple[int, ...] = (5, 10, 20, 50)
    metrics: tuple[str, ...] = USUAL
    metric: str = "ndcg@10"
    warm_from: int = 1
    hot_from: int = 10
    resamples: int = 1000
    level: float = 0.95
    test: bool = False

    def __post_init__(self) -> None:
        """Raises `InputError` where a value cannot be measured."""
        if not self.ks or not all(isinstance(k, int) and k > 0 for k in self.ks):
            raise InputError(f"evaluate.ks: expected whole numbers > 0, got {list(self.ks)}")
        if not self.metrics or not set(self.metrics) <= METRICS.keys():
            raise InputError(
                f"evaluate.metrics: expected some of {', '.join(METRICS)}, got {list(self.metrics)}"
            )
        measured = [f"{name}@{k}" for name in self.metrics for k in self.ks]
        if self.metric not in measured:
            raise InputError(
                f"evaluate.metric: expected one of {', '.join(measured)}, got '{self.metric}'"
            )
        if not 0 < self.level < 1 or self.resamples < 1:
            raise InputError(
                f"evaluate: expected 0 < level < 1 and resamples >= 1, got level={self.level}, "
                f"resamples={self.resamples}"
            )
        if not 0 < self.warm_from < self.hot_from:
            raise InputError(
                f"evaluate: expected 0 < warm_from < hot_from, got {self.warm_from} and "
                f"{self.hot_from}"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class PerQuery:
    """Metrics by query.

    Attributes:
        customers: [Q] row numbers; a customer may ask more than once.
        history: [Q] events before the window.
        values: metric -> [Q] float64.
    """

    customers: IntArray
    history: IntArray
    values: dict[str, FloatArray]

    def table(self, customer_ids: Sequence[object]) -> pd.DataFrame:
        """One row a query: customer_id, history, one column a metric."""
        return pd.DataFrame({"customer_id": customer_ids, "history": self.history, **self.values})


def evaluate(
    score: Score,
    queries: Queries,
    ks: Sequence[int],
    progress: bool = True,
    metrics: Sequence[str] = USUAL,
) -> PerQuery:
    """Full ranking of every query and its metrics, names of `METRICS`, at each k."""
    ranked = rank(score, queries, max(ks), progress)
    hit = hits(ranked.columns, queries.relevant)
    relevant = np.diff(queries.relevant.indptr)
    values = {}
    for name in metrics:
        for k in ks:
            values[f"{name}@{k}"] = METRICS[name](hit, relevant, k)
    return PerQuery(customers=queries.customers, history=queries.history, values=values)


def history_slices(history: IntArray, warm_from: int, hot_from: int) -> IntArray:
    """[Q] position in `SLICES` of each query: cold, warm or hot by the customer's past events."""
    return np.digitize(history, [warm_from, hot_from])
