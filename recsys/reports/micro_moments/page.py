"""Moments as one HTML page, and as lines for the terminal."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from recsys.data.interactions import timestamp
from recsys.evaluation.reliability import Reliability
from recsys.journeys.micro_moments.evaluate import BEFORE, EACH
from recsys.reports.drawing import BLUE, GREEN, GREY, INK, ORANGE, SKY, empty_figure, svg, titled
from recsys.reports.micro_moments.report import (
    MomentReport,
    leaving_table,
    reliability_table,
    stage_table,
    summary,
    title,
)
from recsys.reports.rendering import PagePicture, render, table_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAGE = "micro_moments.html"
"""File name of the page."""
_STYLES = (
    (BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."), (SKY, "D", ":"), (INK, "v", "-"),
    (GREY, "x", "--"),
)  # fmt: skip
"""Colour, mark and line of each moment; the mark alone is enough."""
_FEWEST = 20
"""Predictions of a bin that is drawn."""


def moment_page(report: MomentReport) -> str:
    """The page as an HTML document."""
    leaving = report.leaving
    return render(
        PAGE,
        title=title(report),
        facts={"data": report.data, "labels": report.label,
               "from": f"{timestamp(report.start):%Y-%m-%d %H:%M} UTC",
               "until": f"{timestamp(report.end):%Y-%m-%d %H:%M} UTC"},
        summary=[summary(report)],
        stages=stage_table(report),
        reliability=PagePicture(
            svg(_moments(report)), "Share of sessions of a moment by its probability"
        ),
        bins=reliability_table(report.stages[EACH].calibration),
        leaving=None if leaving is None else leaving_table(leaving),
        left=None if leaving is None else PagePicture(
            svg(_leaving(leaving.calibration, leaving.days)),
            "Share of customers who left by the probability of leaving",
        ),
    )  # fmt: skip


def moment_text(report: MomentReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(report)
    yield summary(report)
    tables = [stage_table(report)]
    if report.leaving is not None:
        tables.append(leaving_table(report.leaving))
    for table in tables:
        yield from table_lines(table)


def _moments(report: MomentReport) -> "Figure":
    figure = empty_figure(4.2)
    sides = figure.subplots(1, 2, sharey=True)
    for axes, stage in zip(sides, (BEFORE, EACH), strict=True):
        _draw(axes, report.stages[stage].calibration)
        titled(axes, f"Told {stage}", "both")
        axes.set_xlabel("probability of the moment")
    sides[0].set_ylabel("share of sessions that were of it")
    sides[1].legend(frameon=False, title="moment")
    return figure


def _leaving(calibration: Reliability, days: int) -> "Figure":
    figure = empty_figure(3.6)
    axes = figure.subplots()
    _draw(axes, {"customers": calibration})
    axes.set_xlabel(f"probability of nothing within {days} days")
    axes.set_ylabel("share of customers who left")
    titled(axes, "Probability of leaving, and who left", "both")
    return figure


def _draw(axes: "Axes", curves: Mapping[str, Reliability]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
    for (colour, mark, line), (name, curve) in zip(_STYLES, curves.items(), strict=False):
        # A bin of a few predictions says nothing; the table has it.
        shown = curve.count >= _FEWEST
        forecast, rate = curve.forecast[shown], curve.rate[shown]
        spread = [rate - curve.low[shown], curve.high[shown] - rate]
        axes.errorbar(
            forecast, rate, yerr=spread, color=colour, marker=mark, ls=line, ms=5,
            lw=1.5, elinewidth=0.9, label=name,
        )  # fmt: skip
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
