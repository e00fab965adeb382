"""Moments and intent to leave as tables for the terminal and a page, and as figures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.data.interactions import timestamp
from recsys.evaluation.forecasts import STATISTICS, Forecasts
from recsys.evaluation.intervals import Interval
from recsys.evaluation.reliability import Reliability
from recsys.journeys.leaving.holdout import MODEL, RATE, SILENCE, LeavingScores
from recsys.journeys.micro_moments.evaluate import EACH, StageScores
from recsys.reports.rendering import Cells, PageTable


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentReport:
    """What is shown of moments.

    Attributes:
        data: name of the data.
        label: where the labels of sessions come from.
        window: "valid", "test" or "given".
        start: of the window, UTC microseconds; nothing at or after it was fitted.
        end: behind the window.
        stages: when a moment is told -> how well.
        leaving: of the customers who were active at the start; None for not asked.
    """

    data: str
    label: str
    window: str
    start: int
    end: int
    stages: Mapping[str, StageScores]
    leaving: LeavingScores | None


def title(report: MomentReport) -> str:
    """A line that says what the report is about."""
    return (
        f"Micro-moments of {report.data}, {report.window} from {timestamp(report.start):%Y-%m-%d}"
    )


def summary(report: MomentReport) -> str:
    """The result in a sentence or two."""
    each = report.stages[EACH]
    said = (
        f"After each event of a session the moment is right {each.right.mean:.1%} of the time, "
        f"with a log loss of {each.log_loss.mean:.4f} against {each.shares_log_loss:.4f} of the "
        f"shares alone ({each.predictions:,} predictions)."
    )
    if report.leaving is not None:
        scores = report.leaving.scores
        said += (
            f" Of {len(report.leaving.left):,} active customers {report.leaving.left.mean():.1%} "
            f"did nothing within {report.leaving.days} days; the area under the ROC curve is "
            f"{scores.interval(MODEL, 'auc').mean:.3f}."
        )
    return said


def stage_table(report: MomentReport) -> PageTable:
    """Log loss, hits and calibration of each stage."""
    rows: list[Cells] = [
        [stage, f"{scores.predictions:,}", _interval(scores.log_loss, ".4f"),
         f"{scores.shares_log_loss:.4f}", _interval(scores.right, ".1%"),
         "-" if scores.rule_right is None else f"{scores.rule_right:.1%}",
         f"{scores.pooled.ece:.4f}"]
        for stage, scores in report.stages.items()
    ]  # fmt: skip
    head = ["told", "predictions", "log loss", "of the shares", "right", "rule of thumb",
            "calibration error"]  # fmt: skip
    return PageTable("What a session is for", head, rows)


def reliability_table(calibration: Mapping[str, Reliability]) -> PageTable:
    """The rate that followed similar probabilities of each moment."""
    rows: list[Cells] = [
        [name, f"{forecast:.3f}", f"{rate:.3f} [{low:.3f}, {high:.3f}]", f"{count:,}"]
        for name, each in calibration.items()
        for forecast, rate, low, high, count in zip(
            each.forecast, each.rate, each.low, each.high, each.count, strict=True
        )
    ]
    head = ["moment", "mean probability", "share that it was", "predictions"]
    return PageTable(f"Probability and what came, {EACH}", head, rows)


def leaving_table(scores: LeavingScores) -> PageTable:
    """The model of leaving against the silence alone and the rate of the past."""
    rows: list[Cells] = [
        [name, *(_statistic(scores.scores, name, each) for each in STATISTICS)]
        for name in (MODEL, SILENCE, RATE)
    ]
    head = ["probability by", "AUC", "average precision", "log loss", "Brier skill",
            "calibration error", "slope"]  # fmt: skip
    caption = f"Who does nothing within {scores.days} days ({scores.left.mean():.1%} of all)"
    return PageTable(caption, head, rows)


def figures(report: MomentReport) -> dict[str, float]:
    """Name -> number, for MLflow."""
    made: dict[str, float] = {}
    for stage, scores in report.stages.items():
        key = stage.replace(" ", "_")
        made |= {
            f"{key}/log_loss": scores.log_loss.mean,
            f"{key}/shares_log_loss": scores.shares_log_loss,
            f"{key}/right": scores.right.mean,
            f"{key}/ece": scores.pooled.ece,
        }
    if report.leaving is not None:
        made |= {
            f"leaving/{name}": report.leaving.scores.interval(MODEL, name).mean
            for name in STATISTICS
        }
    return {name: float(value) for name, value in made.items() if np.isfinite(value)}


def _statistic(scores: Forecasts, model: str, name: str) -> str:
    interval = scores.interval(model, name)
    # A constant has no slope.
    return "-" if np.isnan(interval.mean) else _interval(interval, ".3f")


def _interval(value: Interval, form: str) -> str:
    return f"{value.mean:{form}} [{value.low:{form}}, {value.high:{form}}]"
