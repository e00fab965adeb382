"""The quality on valid that a model may use while it fits, always of the same queries."""

import hashlib
from collections.abc import Callable

import numpy as np

from recsys.data.queries import Queries
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.full_ranking import TILE, Score
from recsys.evaluation.per_query import evaluate

CHOICE_QUERIES = 5_000
"""Valid queries that settings are chosen on."""

Report = Callable[[int, float], None]
"""Takes a step and the quality there; raises to stop a fit that has fallen behind."""


class Validator:
    """`evaluate.metric` on a fixed sample of the valid queries; a `recsys.models.base.Validate`.

    Args:
        queries: of valid.
        config: what is measured.
        on_point: called with each point of a curve: of epochs, or of growing samples.

    Attributes:
        curve: epoch -> quality after it; empty for models that do not learn in epochs.
        identity: digest of the sample and the metric; a checkpoint of a fit that chose by another
            one is not resumed.
    """

    def __init__(
        self, queries: Queries, config: EvaluateConfig, on_point: Report | None = None
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
        """Adds the quality after an epoch to the learning curve, and returns it."""
        self.curve[epoch] = self(score)
        if self._on_point:
            self._on_point(epoch, self.curve[epoch])
        return self.curve[epoch]

    def on_growing_sample(self, score: Score) -> float:
        """The mean over the sample, reported after its first eighth, quarter and half too.

        Two models are compared on the same customers, so that the worse can be stopped before all
        are scored: racing (Maron and Moore, Hoeffding Races, 1993).
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
        result = evaluate(score, part, [self._k], progress=False, metrics=[self._metric])
        # A customer whom a library's convention leaves out, for want of a list, adds nothing.
        return float(np.nansum(result.values[self._column]))


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
    """An eighth, a quarter and a half, rounded to tiles; fewer where the sample is small."""
    tiles = {round(size * share / TILE) * TILE for share in (1 / 8, 1 / 4, 1 / 2)}
    return sorted(cut for cut in tiles if 0 < cut < size)
