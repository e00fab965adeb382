"""How close full-ranking evaluation comes to the bare matrix product and top-k below it."""

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.suite import published, require_at_least, seconds_in_turn
from recsys.arrays import FloatArray
from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.queries import Queries
from recsys.data.split import GivenSplit
from recsys.evaluation.full_ranking import TILE
from recsys.evaluation.per_query import evaluate
from recsys.models.graph_filter import GraphFilter
from recsys.ops.topk import topk

K = 20


class EvaluationSuite:
    """Evaluates every test customer with vectors of a spectrum as a trained model has it.

    Args:
        root: folder of train.txt and test.txt.
        dim: length of the vectors.
        repeats: measurements in turn; medians are reported.
    """

    def __init__(self, *, root: str, dim: int = 64, repeats: int = 3) -> None:
        require_at_least(1, dim=dim, repeats=repeats)
        self.source = published(root)
        self.dim, self.repeats = dim, repeats

    def figures(self) -> Mapping[str, float]:
        """Keys floor_seconds, grouped_floor_seconds, evaluation_seconds and the ratios.

        `floor` is the blocked product and `numpy.argpartition` of each block. `grouped_floor` is
        the same with our own, faster top-k. Neither masks, orders or counts anything.
        """
        data = build(self.source, check_tables(self.source.load()))
        window = GivenSplit().split(data, self.source).test
        model = GraphFilter(dim=self.dim, low_pass=1.0, self_weight=0.0).fit(window.past)
        products = model.directions
        customers = (model.history @ products).astype(np.float32)
        floor, grouped, evaluation = seconds_in_turn(
            self.repeats,
            lambda: _floor(customers, products, window.queries, _argpartition),
            lambda: _floor(customers, products, window.queries, _grouped),
            lambda: evaluate(lambda rows: customers[rows] @ products.T, window.queries, [K], False),
        )
        return {
            "customers": len(window.queries),
            "products": len(data.products),
            "floor_seconds": floor,
            "grouped_floor_seconds": grouped,
            "evaluation_seconds": evaluation,
            "evaluation_over_floor": evaluation / floor,
            "evaluation_over_grouped_floor": evaluation / grouped,
        }


def _floor(
    customers: FloatArray,
    products: FloatArray,
    queries: Queries,
    select: Callable[[FloatArray], None],
) -> None:
    for start in range(0, len(queries), TILE):
        select(customers[queries.customers[start : start + TILE]] @ products.T)


def _argpartition(scores: FloatArray) -> None:
    width = scores.shape[1]
    np.argpartition(scores, width - K, axis=1)[:, width - K :]


def _grouped(scores: FloatArray) -> None:
    topk(scores, K)
