"""How good probabilities are, with intervals over customers, and whether one model beats another.

For a mean over events use `recsys.evaluation.intervals.bootstrap`. Areas, skills and slopes are not
means: here customers are resampled and each statistic is computed again, for all models on the same
resamples, so that differences are paired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.forecast_statistics import brier_skill, calibration_error, ranking, slopes
from recsys.evaluation.intervals import Interval, draw_counts, percentiles
from recsys.evaluation.metrics.probability import bin_of, log_loss
from recsys.evaluation.metrics.ranking import ratio
from recsys.evaluation.paired import Difference, verdict_of
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
        customers: number of customers that were resampled.
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
        ends = float(low[0]), float(high[0])
        return Difference(float(values[0]), *ends, verdict_of(*ends))


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
        customers: [N] row numbers of the events' customers.
        bins: of the expected calibration error.
        equal: "width" or "count", as in `expected_calibration_error`.
        resamples: bootstrap resamples of customers.
        level: confidence of the intervals.
        seed: of the resampling.
    """
    people, person = np.unique(customers, return_inverse=True)
    generator = np.random.default_rng(seed)
    parts_of: dict[tuple[str, str], list[FloatArray]] = {}
    pairs = {model: checked(p, outcome) for model, p in probabilities.items()}
    binned = {model: bin_of(p, bins, equal) for model, (p, _) in pairs.items()}
    for start in range(0, 1 + resamples, _CHUNK):
        columns = min(_CHUNK, 1 + resamples - start)
        weights = draw_counts(generator, columns, len(people)).T.astype(np.float64)
        if start == 0:
            weights[:, 0] = 1
        for model, (p, y) in pairs.items():
            for name, values in _statistics(p, y, weights[person], binned[model]).items():
                parts_of.setdefault((model, name), []).append(values)
    draws = {key: np.concatenate(parts) for key, parts in parts_of.items()}
    return Forecasts(draws=draws, customers=len(people), level=level)


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
