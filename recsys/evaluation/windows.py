"""Results of a backtest: of every window, of all together, and of models that have grown old."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.config import MeasureConfig
from recsys.evaluation.evaluate import intervals_of
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.evaluation.per_query import PerQuery


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowResult:
    """A model that was fitted on what precedes a window.

    Attributes:
        start: of the window, ISO 8601 text or a position.
        end: of the window, not included.
        events: number of events that the model was fitted on.
        per_query: its metrics by query of the window.
        intervals: metric -> interval over the customers of the window.
        aged: number of windows later -> metrics of the same model by query of that window.
    """

    start: str | int
    end: str | int
    events: int
    per_query: PerQuery
    intervals: Mapping[str, Interval]
    aged: Mapping[int, PerQuery] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """How a metric varies from window to window: of the means of the windows.

    Attributes:
        deviation: standard deviation, with n - 1.
        lowest: the lowest mean.
        highest: the highest mean.
    """

    deviation: float
    lowest: float
    highest: float


def pooled(windows: Sequence[WindowResult]) -> PerQuery:
    """The queries of all windows, one window after the other.

    Metrics of all lists together, as coverage, are of a window and left out.
    """
    parts = [result.per_query for result in windows]
    return PerQuery(
        customers=np.concatenate([part.customers for part in parts]),
        history=np.concatenate([part.history for part in parts]),
        values=_joined(parts),
    )


def pooled_intervals(windows: Sequence[WindowResult], config: MeasureConfig) -> dict[str, Interval]:
    """Metric -> mean over all queries of all windows, and its interval.

    Customers are resampled with their queries of all windows, which depend on each other.
    """
    return intervals_of(pooled(windows), config)


def spreads(windows: Sequence[WindowResult]) -> dict[str, Spread]:
    """Metric -> its spread over windows, of the metrics that every window has."""
    shared = [
        name for name in windows[0].intervals if all(name in result.intervals for result in windows)
    ]
    means = {name: [result.intervals[name].mean for result in windows] for name in shared}
    return {
        name: Spread(float(np.std(values, ddof=1)), min(values), max(values))
        for name, values in means.items()
    }


def cost_of_age(
    windows: Sequence[WindowResult], config: MeasureConfig
) -> dict[int, dict[str, Interval]]:
    """Age in windows -> metric -> what a model of that age has less than a fresh one.

    Both are measured on the same queries: a model fitted before window i and one fitted before
    window i + age, in window i + age.

    Returns:
        means of old minus fresh, negative where age costs; intervals resample customers.
    """
    return {
        age: bootstrap(
            {name: old[name] - fresh[name] for name in fresh},
            customers,
            resamples=config.resamples,
            level=config.level,
        )
        for age, (old, fresh, customers) in _of_age(windows).items()
    }


def _of_age(
    windows: Sequence[WindowResult],
) -> dict[int, tuple[dict[str, FloatArray], dict[str, FloatArray], IntArray]]:
    """Age -> values of old and of fresh models on the same queries, and their customers."""
    pairs: dict[int, list[tuple[PerQuery, PerQuery]]] = {}
    for number, result in enumerate(windows):
        for age, old in result.aged.items():
            pairs.setdefault(age, []).append((old, windows[number + age].per_query))
    return {
        age: (
            _joined([old for old, _ in of_age]),
            _joined([fresh for _, fresh in of_age]),
            np.concatenate([fresh.customers for _, fresh in of_age]),
        )
        for age, of_age in sorted(pairs.items())
    }


def _joined(parts: Sequence[PerQuery]) -> dict[str, FloatArray]:
    return {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values}
