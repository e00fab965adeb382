"""What is measured, as `conf/evaluate` says it."""

import re
from dataclasses import dataclass

from recsys.errors import InputError
from recsys.evaluation.measures import METRICS, OF_HITS, USUAL, columns


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """What is measured, and how sure the intervals are.

    A plain dataclass with its own checks, because the library builds it without Hydra and pydantic.

    Attributes:
        ks: cuts of the list.
        metrics: names of `METRICS`, each measured at every cut.
        metric: what models are chosen by, on valid.
        warm_from, hot_from: events before the window from which a customer counts as warm, hot.
        segment: column of the customers table that results are sliced by; None for thirds of what
            customers spent, or of how recent they are where the data know no value.
        resamples: bootstrap resamples.
        level: confidence of the intervals.
        test: read the test window, after a refit on train + valid.
    """

    ks: tuple[int, ...] = (5, 10, 20, 50)
    metrics: tuple[str, ...] = USUAL
    metric: str = "ndcg@10"
    warm_from: int = 1
    hot_from: int = 10
    segment: str | None = None
    resamples: int = 1000
    level: float = 0.95
    test: bool = False

    def __post_init__(self) -> None:
        """Raises `InputError` where a value cannot be measured."""
        if not self.ks or not all(isinstance(k, int) and k > 0 for k in self.ks):
            raise InputError(f"evaluate.ks: expected whole numbers > 0, got {list(self.ks)}")
        if not self.metrics or not set(self.metrics) <= set(METRICS):
            raise InputError(
                f"evaluate.metrics: expected some of {', '.join(METRICS)}, got {list(self.metrics)}"
            )
        odd = [name for name in self.metrics if not re.fullmatch(r"\w[\w.-]*", name, re.ASCII)]
        if odd:
            raise InputError(
                f"evaluate.metrics: expected names of letters, digits and '_', got '{odd[0]}', "
                "which MLflow takes for no metric"
            )
        # A model cannot be chosen by what has no better and worse, or no value a query.
        choosable = columns([name for name in self.metrics if name in OF_HITS], self.ks)
        if self.metric not in choosable:
            raise InputError(
                f"evaluate.metric: expected one of {', '.join(choosable) or 'none'} (those of "
                f"{', '.join(OF_HITS)} in evaluate.metrics), got '{self.metric}'"
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
