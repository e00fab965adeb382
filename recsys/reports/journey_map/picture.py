"""The picture of a journey map, wide for a desk and narrow for a phone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys.journeys.journey_map.differences import BOUGHT_SHARE, TOO_FEW
from recsys.journeys.journey_map.flows import purpose_table
from recsys.journeys.journey_map.paths import Paths
from recsys.journeys.purposes.tables import PURPOSE
from recsys.ops.shown_text import for_picture
from recsys.reports.drawing import INK, framed, png, svg
from recsys.reports.journey_map.difference_flow import difference_flow, verdict_colour
from recsys.reports.journey_map.flow_drawing import draw_flow
from recsys.reports.journey_map.report import JourneyMap, title
from recsys.reports.journey_map.single_flow import single_flow
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

PANELS = 6
"""The largest purposes have a panel each."""
_COMPARED = 12


@dataclass(frozen=True)
class Size:
    """Of a picture.

    Attributes:
        width: inches.
        flow: height of the flow of all strands, inches.
        across: panels side by side.
        letters: points.
        label: longest name, in characters.
        is_short: whether labels leave out counts.
    """

    width: float
    flow: float
    across: int
    letters: float
    label: int
    is_short: bool


WIDE = Size(9.5, 4.3, 3, 8.5, 36, False)
NARROW = Size(4.0, 4.4, 2, 7.5, 18, True)


@names_as_they_are
def picture(report: JourneyMap, size: Size) -> str:
    """The picture as SVG."""
    return svg(_drawn(report, size, with_title=False))


@names_as_they_are
def overview(report: JourneyMap) -> bytes:
    """The wide picture as PNG, under its title."""
    return png(_drawn(report, WIDE, with_title=True))


def _drawn(report: JourneyMap, size: Size, *, with_title: bool) -> "Figure":
    from matplotlib.figure import Figure

    below = _panel_height(report, size)
    head = 0.35 if with_title else 0.0
    figure = Figure(figsize=(size.width, size.flow + below + head), layout="constrained")
    if with_title:
        figure.suptitle(
            for_picture(title(report), 90), x=0.01, ha="left", weight="bold", fontsize=12
        )
    heights = [size.flow + head, below]
    upper, lower = figure.subfigures(2, 1, height_ratios=heights, squeeze=False).ravel()
    if report.second is None:
        flow = single_flow(report.first.shown, report.unit, labelled=True, short=size.is_short)
    else:
        flow = difference_flow(report)
    draw_flow(upper.subplots(), flow, size=size.letters, name_length=size.label)
    if report.second is None:
        _panels(lower, report.first.shown, report.unit, size)
    else:
        _bought(lower.subplots(), report, size)
    return figure


def _panel_height(report: JourneyMap, size: Size) -> float:
    if report.second is not None:
        return 0.9 + 0.24 * _compared(report).shape[0]
    count = min(PANELS, len(np.unique(report.first.shown.purpose)))
    return 1.65 * -(-count // size.across)


def _panels(figure: "SubFigure", paths: Paths, unit: str, size: Size) -> None:
    """A small flow for each of the largest purposes, all of the same colours."""
    table = purpose_table(paths).head(PANELS)
    rows = -(-len(table) // size.across)
    axes = figure.subplots(rows, size.across, squeeze=False).ravel()
    for axis in axes[len(table) :]:
        axis.set_axis_off()
    for axis, row in zip(axes, table.to_dict("records"), strict=False):
        part = paths.select(paths.purpose == paths.purposes.index(str(row[PURPOSE])))
        draw_flow(axis, single_flow(part, unit, labelled=False), size=size.letters)
        days = "" if np.isnan(row["median_days"]) else f" · {row['median_days']:,.0f} {unit}"
        numbers = f"{row['strands']:,} strands · {row['bought']:.0%} bought"
        more = f"{row['silence']:.0%} silent{days}"
        text = f"{numbers}\n{more}" if size.is_short else f"{numbers} · {more}"
        axis.set_title(for_picture(str(row[PURPOSE]), size.label), loc="left", weight="bold",
                       fontsize=size.letters + 1, pad=24 if size.is_short else 15)  # fmt: skip
        axis.text(0, 1.02, text, transform=axis.transAxes, fontsize=size.letters - 0.5, color=INK,
                  va="bottom")  # fmt: skip


def _compared(report: JourneyMap) -> pd.DataFrame:
    table = report.differences
    assert table is not None
    return table[(table["what"] == BOUGHT_SHARE) & (table["verdict"] != TOO_FEW)].head(_COMPARED)


def _bought(axes: "Axes", report: JourneyMap, size: Size) -> None:
    """Differences of the share of strands that came to a purchase, by purpose."""
    rows = _compared(report)
    heights = np.arange(len(rows))
    for height, row in zip(heights, rows.to_dict("records"), strict=True):
        colour = verdict_colour(str(row["verdict"]))
        axes.plot([100 * row["low"], 100 * row["high"]], [height] * 2, color=colour, lw=2)
        axes.plot(100 * row["difference"], height, "o", color=colour, ms=5)
    names = [for_picture(str(name), size.label) for name in rows[PURPOSE]]
    axes.set_yticks(heights, names, fontsize=size.letters)
    axes.tick_params(axis="x", labelsize=size.letters)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axvline(0, color=INK, lw=0.8)
    framed(axes, "x")
    axes.set_title("Bought, by purpose: difference in points", loc="left",
                   fontsize=size.letters + 1.5, weight="bold")  # fmt: skip
