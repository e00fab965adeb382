"""The pictures of the ladder: each for its section of the page, and all in one PNG."""

from typing import TYPE_CHECKING

from recsys.ops.shown_text import for_picture
from recsys.reports.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    SKY,
    VERDICTS,
    empty_figure,
    png,
    svg,
    titled,
)
from recsys.reports.ladder.ladder import Ladder, Row, rows
from recsys.reports.ladder.rungs import ONE
from recsys.reports.ladder.steps import EVERYBODY
from recsys.reports.ladder.words import CALLED, DIMENSIONS, first, headline, named_slice
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BARS = (GREY, SKY, BLUE)
_METHODS = (("s", GREY), ("D", GREEN), ("o", BLUE))
_TOUCHPOINTS = 10
"""Number of touchpoints in the picture, those that earned most."""
_LABEL = 40
"""Longest name of a group or touchpoint, in characters."""


@names_as_they_are
def rungs(ladder: Ladder) -> str:
    """The three rungs as SVG."""
    figure = empty_figure(2.2)
    _rungs(figure.add_subplot(), ladder)
    return svg(figure)


@names_as_they_are
def slices(ladder: Ladder) -> str:
    """What each step gains in every slice, as SVG."""
    figure = empty_figure(1.4 + 0.27 * len(_slice_lines(ladder)))
    _slices(figure.add_subplot(), ladder)
    return svg(figure)


@names_as_they_are
def credit(ladder: Ladder) -> str:
    """Shares of touchpoints by every method, as SVG."""
    figure = empty_figure(1.4 + 0.32 * min(_TOUCHPOINTS, ladder.credit["touchpoint"].nunique()))
    _credit(figure.add_subplot(), ladder)
    return svg(figure)


@names_as_they_are
def overview(ladder: Ladder) -> bytes:
    """All pictures in one PNG, under the headline."""
    from textwrap import fill

    from matplotlib.figure import Figure

    has_slices, has_credit = bool(_slice_lines(ladder)), has_shares(ladder)
    figure = Figure(figsize=(14 if has_slices else 8, 8), layout="constrained")
    figure.suptitle(fill(headline(ladder), 95), x=0.01, ha="left", weight="bold", fontsize=14)
    spec = figure.add_gridspec(
        1 + has_credit, 1 + has_slices,
        height_ratios=[2, 5][: 1 + has_credit],
    )  # fmt: skip
    _rungs(figure.add_subplot(spec[0, 0]), ladder)
    if has_credit:
        _credit(figure.add_subplot(spec[1, 0]), ladder)
    if has_slices:
        _slices(figure.add_subplot(spec[:, 1]), ladder)
    about = ladder.rungs.top
    figure.supxlabel(
        f"Data {for_picture(about.data)}, split {for_picture(about.split, 100)}. "
        "Lines: 95 % intervals over customers.",
        x=0.01, ha="left", fontsize=9, color=GREY,
    )  # fmt: skip
    return png(figure)


def has_shares(ladder: Ladder) -> bool:
    """Whether any touchpoint could be credited with anything."""
    return not ladder.credit.empty and bool(ladder.credit["share"].notna().any())


def _rungs(axes: "Axes", ladder: Ladder) -> None:
    rates = rows(ladder.rates, dimension=EVERYBODY[0])
    for height, row in enumerate(rates):
        mean, low, high = (100 * row[name] for name in ("mean", "low", "high"))
        axes.barh(height, mean, color=_BARS[height], height=0.6)
        axes.plot([low, high], [height, height], color=INK, lw=2)
        axes.text(high, height, f"  {mean:.1f}", va="center", fontsize=11, weight="bold")
    axes.set_yticks(range(len(rates)), [CALLED[row["rung"]] for row in rates])
    # Room for the figures beside the bars.
    axes.set_xlim(0, 115 * max(row["high"] for row in rates))
    titled(axes, f"Customers of 100 with the right product in {first(ladder)}", "x")


def _slices(axes: "Axes", ladder: Ladder) -> None:
    lines = _slice_lines(ladder)
    axes.axvline(0, color=INK, lw=0.9)
    for number, (_, steps) in enumerate(lines):
        for step in steps:
            marker, colour = VERDICTS[step["verdict"]]
            top = step["rung"] == ONE
            height = number - 0.16 if top else number + 0.2
            ends = [100 * step["low"], 100 * step["high"]]
            axes.plot(ends, [height, height], color=colour, lw=1.8 if top else 1.0)
            face = colour if top else "white"
            axes.plot(100 * step["difference"], height, marker, color=colour, mfc=face, ms=7)
    axes.set_yticks(range(len(lines)), [for_picture(label, _LABEL) for label, _ in lines])
    for tick, (_, steps) in zip(axes.get_yticklabels(), lines, strict=True):
        tick.set_fontweight("normal" if steps else "bold")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(lines) - 0.4, -0.8)
    for verdict, (marker, colour) in VERDICTS.items():
        axes.plot([], [], marker, color=colour, label=verdict)
    axes.plot([], [], "s", color=INK, label="one-to-one over segments")
    axes.plot([], [], "s", color=INK, mfc="white", label="segments over one list for all")
    axes.legend(
        loc="upper right", bbox_to_anchor=(1.0, -0.06), ncols=5, frameon=False, fontsize=8,
        columnspacing=1.0, handletextpad=0.2,
    )  # fmt: skip
    titled(axes, "Gain over the rung below, customers of 100", "x")


def _slice_lines(ladder: Ladder) -> list[tuple[str, list[Row]]]:
    """Label and steps of each line; a heading has none."""
    lines: list[tuple[str, list[Row]]] = []
    for dimension, title in DIMENSIONS.items():
        parts = rows(ladder.steps, dimension=dimension, rung=ONE)
        lines += [(title, [])] if parts else []
        lines += [
            (named_slice(ladder, *part.values()), rows(ladder.steps, **part))
            for part in ({"dimension": dimension, "slice": row["slice"]} for row in parts)
        ]
    return lines


def _credit(axes: "Axes", ladder: Ladder) -> None:
    methods = list(dict.fromkeys(ladder.credit["method"]))
    touchpoints = list(dict.fromkeys(ladder.credit["touchpoint"]))
    names = touchpoints[:_TOUCHPOINTS]
    for number, method in enumerate(methods):
        marker, colour = _METHODS[number - len(methods)]
        shift = 0.22 * (number - (len(methods) - 1) / 2)
        for row in rows(ladder.credit, method=method):
            if row["touchpoint"] in names:
                height = names.index(row["touchpoint"]) + shift
                axes.plot([100 * row["low"], 100 * row["high"]], [height] * 2, color=colour, lw=1.8)
                axes.plot(100 * row["share"], height, marker, color=colour, ms=6)
        axes.plot([], [], marker, color=colour, label=method)
    axes.set_yticks(range(len(names)), [for_picture(name, _LABEL) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    count = len(touchpoints)
    more = f" (the first {len(names)} of {count})" if count > len(names) else ""
    titled(axes, f"Which touchpoint earned it, share of 100{more}", "x")
