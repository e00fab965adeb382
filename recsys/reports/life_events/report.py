"""Predicted life events as tables for the terminal and a page, and as figures."""

from dataclasses import dataclass

import numpy as np

from recsys.data.interactions import timestamp
from recsys.evaluation.forecasts import Forecasts
from recsys.evaluation.intervals import Interval
from recsys.journeys.life_events.evaluate import LEVEL, MODEL, LifeScores
from recsys.reports.rendering import Cells, PageTable

_SHOWN = ("average_precision", "auc", "log_loss", "ece", "slope")
ANY = "any"


@dataclass(frozen=True, kw_only=True, eq=False)
class LifeReport:
    """What is shown of life events.

    Attributes:
        data: name of the data.
        label: the column of customers that holds them.
        method: of the hazards.
        window: "valid" or "test".
        start: of the window, UTC microseconds; nothing at or after it was fitted.
        end: behind the window.
        scores: how well they were predicted.
    """

    data: str
    label: str
    method: str
    window: str
    start: int
    end: int
    scores: LifeScores


def title(report: LifeReport) -> str:
    """A line that says what the report is about."""
    return f"Life events of {report.data}, {report.window} from {timestamp(report.start):%Y-%m-%d}"


def summary(report: LifeReport) -> str:
    """The result in a few sentences."""
    scores = report.scores
    alarms = scores.detection[MODEL]
    said = (
        f"Within {scores.days} days {scores.events:,} life events followed "
        f"({alarms.rate:.1%} of {scores.pairs:,} looks at a customer). Of as many customers with "
        f"the highest probability {alarms.precision:.1%} had one, {alarms.lift.mean:.1f} times as "
        "many as of all."
    )
    if scores.timed:
        said += (
            f" The day lay within its {LEVEL:.0%} interval in {scores.time.mean:.1%} of "
            f"{scores.timed:,} events."
        )
    return said


def kind_table(report: LifeReport) -> PageTable:
    """Average precision and calibration of each kind, and of any kind."""
    scores = report.scores
    rows: list[Cells] = [
        [name, f"{events:,}", *_statistics(each)] for name, (events, each) in scores.kinds.items()
    ]
    rows.append([ANY, f"{scores.events:,}", *_statistics(scores.some)])
    head = ["life event", "events", "average precision", "AUC", "log loss", "calibration error",
            "slope"]  # fmt: skip
    return PageTable(f"Probability of a life event within {scores.days} days", head, rows)


def alarm_table(report: LifeReport) -> PageTable:
    """Alarms, and the time of the events."""
    scores = report.scores
    alarms = scores.detection[MODEL]
    rows: list[Cells] = [
        ["customers with an event", f"{alarms.rate:.2%}"],
        ["alarms with an event", f"{alarms.precision:.2%}"],
        ["lift of the alarms", _interval(alarms.lift, ".1f")],
        ["events whose time was scored", f"{scores.timed:,}"],
        [f"time within its {LEVEL:.0%} interval", _interval(scores.time, ".1%")],
        ["days of the interval", "-" if np.isnan(scores.width) else f"{scores.width:.0f}"],
    ]
    return PageTable("Alarms, as many as there are events, and the time", ["", "value"], rows)


def reliability_table(report: LifeReport) -> PageTable:
    """The share that an event followed, by probability."""
    curve = report.scores.calibration
    rows: list[Cells] = [
        [f"{forecast:.3f}", f"{rate:.3f} [{low:.3f}, {high:.3f}]", f"{count:,}"]
        for forecast, rate, low, high, count in zip(
            curve.forecast, curve.rate, curve.low, curve.high, curve.count, strict=True
        )
    ]
    head = ["mean probability", "share with an event", "looks"]
    return PageTable("Probability of any life event and what came", head, rows)


def figures(report: LifeReport) -> dict[str, float]:
    """Name -> number, for MLflow."""
    scores = report.scores
    alarms = scores.detection[MODEL]
    made = {
        "events": scores.events,
        "rate": alarms.rate,
        "detection_lift": alarms.lift.mean,
        "time_covered": scores.time.mean,
        "interval_days": scores.width,
    }
    for name in _SHOWN:
        made[f"pooled/{name}"] = scores.pooled.interval(MODEL, name).mean
        made[f"{ANY}/{name}"] = scores.some.interval(MODEL, name).mean
    return {name: float(value) for name, value in made.items() if np.isfinite(value)}


def _statistics(scores: Forecasts) -> list[str]:
    cells = [scores.interval(MODEL, name) for name in _SHOWN]
    return [_interval(each, ".3f") for each in cells]


def _interval(value: Interval, form: str) -> str:
    if np.isnan(value.mean):
        return "-"
    return f"{value.mean:{form}} [{value.low:{form}}, {value.high:{form}}]"
