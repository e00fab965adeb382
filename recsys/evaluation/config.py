"""What is measured, as `conf/evaluate` sets it."""

import re
from dataclasses import dataclass
from typing import get_args

from recsys.errors import InputError
from recsys.evaluation.conventions.metric import by_convention
from recsys.evaluation.conventions.table import Library, WithoutTest
from recsys.evaluation.measures import (
    METRICS,
    OF_HITS,
    USUAL,
    Metric,
    measures_of,
    name_of,
)


@dataclass(frozen=True, kw_only=True)
class MeasureConfig:
    """What is measured, and how certain its intervals are.

    A plain dataclass with its own checks, because the library builds it without Hydra and pydantic.

    Attributes:
        ks: lengths of the list.
        metrics: names of `METRICS` or functions, each measured at every length; see
            `recsys.evaluation.measures`.
        convention: the library by whose definitions `metrics` are measured, a name of
            `recsys.evaluation.conventions.table.CONVENTIONS`; None for ours. Metrics then have its
            name in front, as "rectools.ndcg".
        without_test: what customers count who were known before the window and have nothing
            relevant in it; None as the convention has it, and left out of ours.
        warm_from: events before the window from which a customer counts as warm.
        hot_from: events before the window from which a customer counts as hot.
        segment: column of the customers table that results are sliced by; None for thirds of what
            customers spent, or of how recent they are where the data know no value.
        resamples: bootstrap resamples of customers.
        level: confidence of the intervals.
    """

    ks: tuple[int, ...] = (5, 10, 20, 50)
    metrics: tuple[Metric, ...] = USUAL
    convention: Library | None = None
    without_test: WithoutTest | None = None
    warm_from: int = 1
    hot_from: int = 10
    segment: str | None = None
    resamples: int = 1000
    level: float = 0.95

    def __post_init__(self) -> None:
        """Raises `InputError` where a value cannot be measured."""
        if not self.ks or not all(isinstance(k, int) and k > 0 for k in self.ks):
            raise InputError(f"evaluate.ks: expected whole numbers > 0, got {list(self.ks)}")
        if self.convention is not None:
            object.__setattr__(self, "metrics", by_convention(self.convention, self.metrics))
        _check_metrics(self.metrics)
        if self.without_test not in (None, *get_args(WithoutTest)):
            raise InputError(
                f"evaluate.without_test: expected {', '.join(get_args(WithoutTest))} or null, "
                f"got {self.without_test!r}"
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


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(MeasureConfig):
    """What a run measures, and by what it chooses.

    Attributes:
        metric: what models are chosen by, on valid: one of `metrics` that needs hits alone; by a
            convention with or without the library in front.
        test: read the test window, after a refit on train + valid.
    """

    metric: str = "ndcg@10"
    test: bool = False

    def __post_init__(self) -> None:
        """Raises `InputError` where a value cannot be measured, or models not chosen by it."""
        super().__post_init__()
        if self.convention is not None and not self.metric.startswith(f"{self.convention}."):
            object.__setattr__(self, "metric", f"{self.convention}.{self.metric}")
        if self.metric not in self.choosable:
            raise InputError(
                f"evaluate.metric: expected one of {', '.join(self.choosable) or 'none'} (those of "
                f"{', '.join(OF_HITS)} in evaluate.metrics, and functions that need hits alone), "
                f"got '{self.metric}'"
            )

    @property
    def choosable(self) -> dict[str, tuple[Metric, int]]:
        """Column, as "ndcg@10" -> metric and k, of those that models can be chosen by.

        A model cannot be chosen by what has no better and worse, or no value for each query.
        """
        return {
            f"{measure.name}@{k}": (metric, k)
            for metric in self.metrics
            for measure in measures_of([metric])
            if measure.can_choose
            for k in self.ks
        }


def _check_metrics(metrics: tuple[Metric, ...]) -> None:
    names = [name_of(metric) for metric in metrics]
    unknown = [metric for metric in metrics if isinstance(metric, str) and metric not in METRICS]
    if not metrics or unknown:
        raise InputError(
            f"evaluate.metrics: expected some of {', '.join(METRICS)}, or functions as "
            f"mybank.metrics.first_hit, got {names}"
        )
    odd = [name for name in names if not re.fullmatch(r"\w[\w.-]*", name, re.ASCII)]
    if odd:
        raise InputError(
            f"evaluate.metrics: expected names of letters, digits and '_', got '{odd[0]}', "
            "which MLflow does not take as the name of a metric"
        )
    taken = set(METRICS)
    for function in (metric for metric in metrics if not isinstance(metric, str)):
        if name_of(function) in taken:
            raise InputError(
                f"evaluate.metrics: two metrics are called {name_of(function)}; rename the function"
            )
        taken.add(name_of(function))
    measures_of(metrics)
