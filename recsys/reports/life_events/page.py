"""Predicted life events as one HTML page, and as lines for the terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from recsys.data.interactions import timestamp
from recsys.journeys.life_events.evaluate import MODEL
from recsys.reports.drawing import BLUE, GREY, ORANGE, empty_figure, svg, titled
from recsys.reports.life_events.report import (
    LifeReport,
    alarm_table,
    kind_table,
    reliability_table,
    summary,
    title,
)
from recsys.reports.rendering import PagePicture, render, table_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "life_events.html"
"""File name of the page."""


def life_page(report: LifeReport) -> str:
    """The page as an HTML document."""
    return render(
        PAGE,
        title=title(report),
        facts={"data": report.data, "life events": report.label, "hazards": report.method,
               "from": f"{timestamp(report.start):%Y-%m-%d %H:%M} UTC",
               "until": f"{timestamp(report.end):%Y-%m-%d %H:%M} UTC"},
        summary=[summary(report)],
        kinds=kind_table(report),
        alarms=alarm_table(report),
        picture=PagePicture(
            svg(_figure(report)),
            "Share of customers with a life event by its probability; average precision by kind",
        ),
        bins=reliability_table(report),
    )  # fmt: skip


def life_text(report: LifeReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(report)
    yield summary(report)
    for table in (kind_table(report), alarm_table(report)):
        yield from table_lines(table)


def _figure(report: LifeReport) -> "Figure":
    figure = empty_figure(4.0)
    left, right = figure.subplots(1, 2)
    curve = report.scores.calibration
    left.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
    spread = [curve.rate - curve.low, curve.high - curve.rate]
    left.errorbar(
        curve.forecast, curve.rate, yerr=spread, color=BLUE, marker="o", lw=1.5, elinewidth=0.9
    )
    left.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    left.set_xlabel(f"probability of a life event within {report.scores.days} days")
    left.set_ylabel("share of customers who had one")
    titled(left, "Probability, and what came", "both")
    names = list(report.scores.kinds)
    cells = [each.interval(MODEL, "average_precision") for _, each in report.scores.kinds.values()]
    rates = [events / report.scores.pairs for events, _ in report.scores.kinds.values()]
    place = np.arange(len(names))
    ends = [[each.mean - each.low for each in cells], [each.high - each.mean for each in cells]]
    right.barh(place, [each.mean for each in cells], xerr=ends, color=BLUE, height=0.6,
               label="predicted", error_kw={"elinewidth": 0.9})  # fmt: skip
    right.plot(rates, place, "|", color=ORANGE, ms=18, mew=2, label="by chance")
    right.set_yticks(place, names)
    right.invert_yaxis()
    right.legend(frameon=False, loc="lower right")
    right.set_xlabel("average precision")
    titled(right, "By kind", "x")
    return figure
