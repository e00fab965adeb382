"""How good probabilities are, with intervals over customers, and whether one model beats another.

A mean over events has an interval of its own kind (`recsys.evaluation.intervals.bootstrap`); areas,
skills and slopes are no means. Here customers are resampled and each statistic is taken anew, all
models on the same resamples, so that a difference is paired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.forecast_statistics import brier_skill, calibration_error, ranking, slopes
from recsys.evaluation.intervals import Interval, percentiles
from recsys.evaluation.metrics.probability import log_loss
from recsys.evaluation.metrics.ranking import ratio
from recsys.evaluation.paired import Difference
from recsys.evaluation.reliability import bin_of
from recsys.ops.events import checked

STATISTICS: tuple[str, ...] = (
    "auc",
    "average_precision",
    "log_loss",
    "brier_skill",
    "ece",
    "slope",
)

_CHUNK = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecasts:
    """Statistics of several models on the same events.

    Attributes:
        draws: (model, statistic) -> [1 + R] the estimate, then its resamples.
        customers: how many were resampled.
        level: confidence of the intervals.
    """

    draws: Mapping[tuple[str, str], FloatArray]
    customers: int
    level: float

    def interval(self, model: str, statistic: str) -> Interval:
        """The estimate with its percentile interval."""
        values = self.draws[model, statistic]
        low, high = percentiles(values[1:, None], self.level, self.customers)
        return Interval(float(values[0]), float(low[0]), float(high[0]), self.customers)

    def ratio(self, model: str, other: str, statistic: str) -> Interval:
        """Model / other with its paired interval."""
        values = ratio(self.draws[model, statistic], self.draws[other, statistic])
        low, high = percentiles(values[1:, None], self.level, self.customers)
        return Interval(float(values[0]), float(low[0]), float(high[0]), self.customers)

    def difference(self, model: str, other: str, statistic: str) -> Difference:
        """Model - other with its paired interval; "win" where all of it lies above 0.

        Of a loss or an error lower is better: there a "loss" is the better model.
        """
        values = self.draws[model, statistic] - self.draws[other, statistic]
        low, high = percentiles(values[1:, None], self.level, self.customers)
        verdict: Literal["win", "tie", "loss"] = "tie"
        if low[0] > 0:
            verdict = "win"
        elif high[0] < 0:
            verdict = "loss"
        return Difference(float(values[0]), float(low[0]), float(high[0]), verdict)


def forecasts(
    probabilities: Mapping[str, FloatArray],
    outcome: BoolArray | IntArray | FloatArray,
    customers: IntArray,
    *,
    bins: int = 10,
    equal: Literal["width", "count"] = "width",
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Forecasts:
    """All of `STATISTICS` for all models.

    Args:
        probabilities: model -> [N] that the outcome is 1.
        outcome: [N] 0 or 1.
        customers: [N] row numbers.
        bins: of the expected calibration error.
        equal: what they have equal.
        resamples: of the customers.
        level: confidence.
        seed: of the resampling.
    """
    people, person = np.unique(customers, return_inverse=True)
    generator = np.random.default_rng(seed)
    found: dict[tuple[str, str], list[FloatArray]] = {}
    pairs = {model: checked(p, outcome) for model, p in probabilities.items()}
    binned = {model: bin_of(p, bins, equal) for model, (p, _) in pairs.items()}
    for start in range(0, 1 + resamples, _CHUNK):
        weights = _weights(min(_CHUNK, 1 + resamples - start), len(people), generator)
        if start == 0:
            weights[:, 0] = 1
        for model, (p, y) in pairs.items():
            for name, values in _statistics(p, y, weights[person], binned[model]).items():
                found.setdefault((model, name), []).append(values)
    draws = {key: np.concatenate(parts) for key, parts in found.items()}
    return Forecasts(draws=draws, customers=len(people), level=level)


def _weights(columns: int, people: int, generator: np.random.Generator) -> FloatArray:
    """[people, columns] how often each is drawn, in as many draws as there are people."""
    drawn = generator.integers(0, people, (columns, people)) + np.arange(columns)[:, None] * people
    times = np.bincount(drawn.ravel(), minlength=columns * people).reshape(columns, people)
    return times.T.astype(np.float64)


def _statistics(
    p: FloatArray, y: FloatArray, weights: FloatArray, bins: IntArray
) -> dict[str, FloatArray]:
    auc, average_precision = ranking(p, y, weights)
    return {
        "auc": auc,
        "average_precision": average_precision,
        "log_loss": ratio(log_loss(p, y) @ weights, weights.sum(axis=0)),
        "brier_skill": brier_skill(p, y, weights),
        "ece": calibration_error(p, y, weights, bins),
        "slope": slopes(p, y, weights),
    }
