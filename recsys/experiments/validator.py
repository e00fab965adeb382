"""What a model may ask of valid while it fits, of the same customers each time."""

import hashlib
from collections.abc import Callable

import numpy as np

from recsys.data.queries import Queries
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.full_ranking import TILE, Score
from recsys.evaluation.per_query import evaluate

CHOICE_QUERIES = 5_000
"""Valid queries that settings are chosen on: enough to rank them, quick enough."""

Point = Callable[[int, float], None]
"""Takes a step and the quality there; raises to end a fit that has fallen behind."""


class Validator:
    """`evaluate.metric` on a fixed sample of the valid queries, see `recsys.models.base.Validate`.

    Args:
        queries: of valid.
        config: what is measured.
        on_point: told of each point of a curve, of epochs or of growing samples.

    Attributes:
        curve: epoch -> quality after it; empty for models that do not learn in epochs.
        identity: digest of what is asked and by which metric: a kept fit that chose by another
            answer is not gone on with.
    """

    def __init__(
        self, queries: Queries, config: EvaluateConfig, on_point: Point | None = None
    ) -> None:
        rows = np.random.default_rng(0).permutation(len(queries))[:CHOICE_QUERIES]
        self._sample = queries.select(rows)
        self._metric, self._k = config.choosable[config.metric]
        self._column = config.metric
        self._on_point = on_point
        self.curve: dict[int, float] = {}
        self.identity = _digest(self._sample, config.metric)

    def __call__(self, score: Score) -> float:
        """The mean over the sample; higher is better."""
        return self._sum(score, 0, len(self._sample)) / len(self._sample)

    def after(self, epoch: int, score: Score) -> float:
        """Notes and returns a point of the learning curve."""
        self.curve[epoch] = self(score)
        if self._on_point:
            self._on_point(epoch, self.curve[epoch])
        return self.curve[epoch]

    def growing(self, score: Score) -> float:
        """The mean over the sample, with points after its first eighth, quarter and half.

        The points of two models compare on the same customers, so that a model can be given up
        before all are asked: racing (Maron and Moore, Hoeffding Races, 1993).
        """
        total, start = 0.0, 0
        for end in (*_cuts(len(self._sample)), len(self._sample)):
            total += self._sum(score, start, end)
            start = end
            if self._on_point and end < len(self._sample):
                self._on_point(end, total / end)
        return total / len(self._sample)

    def _sum(self, score: Score, start: int, end: int) -> float:
        part = self._sample.select(np.arange(start, end))
        found = evaluate(score, part, [self._k], progress=False, metrics=[self._metric])
        return float(found.values[self._column].sum())


def _digest(queries: Queries, metric: str) -> str:
    digest = hashlib.sha256(metric.encode())
    arrays = [queries.customers, queries.eligible]
    for matrix in (queries.relevant, queries.seen):
        if matrix is not None:
            arrays += [matrix.indptr, matrix.indices]
    for array in arrays:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _cuts(size: int) -> list[int]:
    """Whole tiles nearest to an eighth, a quarter and a half; fewer where the sample is small."""
    tiles = {round(size * share / TILE) * TILE for share in (1 / 8, 1 / 4, 1 / 2)}
    return sorted(cut for cut in tiles if 0 < cut < size)
