"""The pictures of a watch: acceptance by period, calibration, drift of inputs."""

from typing import TYPE_CHECKING

import numpy as np

from recsys.ops.shown_text import for_picture
from recsys.reports.drawing import BLUE, GREY, INK, ORANGE, empty_figure, png, svg, titled
from recsys.reports.monitor.report import MonitorReport
from recsys.reports.monitor.tables import calibration_table, periods_table
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 0.26
"""Inches of an input."""


@names_as_they_are
def acceptance(report: MonitorReport) -> str:
    """Acceptance by period and what was expected, as SVG."""
    figure = empty_figure(3.4)
    _acceptance(figure.add_subplot(), report)
    return svg(figure)


@names_as_they_are
def calibration(report: MonitorReport) -> str:
    """Acceptance of groups by probability, as SVG."""
    figure = empty_figure(3.6)
    _calibration(figure.add_subplot(), report)
    return svg(figure)


@names_as_they_are
def drift(report: MonitorReport) -> str:
    """The stability index of each input, as SVG."""
    figure = empty_figure(1.2 + _ROW * len(report.drifts))
    _drift(figure.add_subplot(), report)
    return svg(figure)


@names_as_they_are
def overview(report: MonitorReport) -> bytes:
    """Acceptance by period, and drift where it is watched, in one PNG."""
    below = 1.2 + _ROW * len(report.drifts) if report.drifts else 0.0
    figure = empty_figure(3.8 + below)
    figure.suptitle(for_picture(report.name, 60), x=0.01, ha="left", weight="bold", fontsize=14)
    heights = [3.4, below] if report.drifts else [3.4]
    rows = figure.subplots(len(heights), squeeze=False, height_ratios=heights)[:, 0]
    _acceptance(rows[0], report)
    if report.drifts:
        _drift(rows[1], report)
    return png(figure)


def _acceptance(axes: "Axes", report: MonitorReport) -> None:
    table = periods_table(report)
    ends = table["starts"] + np.timedelta64(int(86_400 * report.settings.days), "s")
    days = ends.dt.tz_localize(None).to_numpy()
    rates, low, high, expected = (
        100 * table[name].to_numpy() for name in ("accepted", "low", "high", "expected")
    )
    watch = next((each for each in report.watches if each.monitor == "acceptance"), None)
    is_alarm = watch is not None and watch.is_alarm
    axes.plot(days, expected, color=INK, lw=1.5, ls="--", label="expected")
    colours = [BLUE] * (len(days) - 1) + [ORANGE if is_alarm else BLUE]
    axes.vlines(days, low, high, colors=colours, lw=2, alpha=0.5)
    axes.scatter(days[:-1], rates[:-1], color=BLUE, s=26, zorder=3, label="accepted")
    axes.scatter(
        days[-1:], rates[-1:], color=colours[-1], marker="v" if is_alarm else "o", s=60, zorder=3,
        label="newest period: alarm" if is_alarm else "newest period",
    )  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.set_ylabel("of 100 decisions")
    axes.set_xlabel("end of the period")
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower left")
    titled(axes, "Accepted, and what former periods lead to expect of these decisions", "y")


def _calibration(axes: "Axes", report: MonitorReport) -> None:
    table = calibration_table(report)
    place = np.arange(len(table))
    accepted, low, high = (100 * table[name].to_numpy() for name in ("accepted", "low", "high"))
    axes.vlines(place, low, high, color=BLUE, lw=2, alpha=0.5)
    axes.scatter(place, accepted, color=BLUE, s=36, zorder=3, label="accepted")
    axes.scatter(
        place + 0.12, 100 * table["probability"], color=ORANGE, marker="D", s=30, zorder=3,
        label="probability as logged",
    )  # fmt: skip
    axes.scatter(
        place - 0.12, 100 * table["expected"], color=INK, marker="_", s=120, zorder=3,
        label="expected from former periods",
    )  # fmt: skip
    axes.set_xticks(place, [f"group {number}" for number in table["group"]])
    axes.set_xlim(-0.5, len(table) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("of 100 decisions")
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    titled(axes, "Groups of equal size by probability, the lowest on the left", "y")


def _drift(axes: "Axes", report: MonitorReport) -> None:
    drifts = list(report.drifts)[::-1]
    for place, each in enumerate(drifts):
        colour = ORANGE if each.is_alarm else BLUE
        axes.plot([each.now.low, each.now.high], [place, place], color=colour, lw=2, alpha=0.5)
        axes.scatter(
            each.now.index, place, color=colour, marker="v" if each.is_alarm else "o", zorder=3
        )
        axes.scatter(each.bound, place, color=GREY, marker="|", s=110, zorder=2)
    axes.scatter([], [], color=BLUE, label="newest period, with its interval")
    axes.scatter([], [], color=GREY, marker="|", s=110, label="alarms when the interval is beyond")
    axes.set_yticks(range(len(drifts)), [for_picture(each.name, 32) for each in drifts])
    axes.set_ylim(-0.7, len(drifts) - 0.3)
    axes.set_xlim(left=0)
    axes.set_xlabel("population stability index")
    # A short title, so that the legend has room beside it.
    axes.legend(frameon=False, fontsize=9, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    titled(axes, "Drift from former periods", "x")
