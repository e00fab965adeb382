"""The pictures: estimates with their intervals, weights, and where the effective sample is."""

from typing import TYPE_CHECKING

import numpy as np

from recsys.ops.shown_text import for_picture
from recsys.reports.drawing import BLUE, GREY, GRID, INK, ORANGE, empty_figure, png, svg, titled
from recsys.reports.off_policy.report import PolicyReport, report_weights
from recsys.reports.off_policy.words import earned
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (BLUE, ORANGE)
_MARKERS = ("o", "D")
_BINS = 40
_LABEL = 40
"""Longest name of a policy, in characters."""


@names_as_they_are
def estimates(report: PolicyReport) -> str:
    """Every estimator with its interval, as SVG."""
    rows = max(len(value.estimates) for value in report.values)
    figure = empty_figure(1.5 + 0.36 * rows)
    _estimates(figure.add_subplot(), report)
    return svg(figure)


@names_as_they_are
def weights(report: PolicyReport) -> str:
    """How large the weights are, and how many of the largest carry the estimate, as SVG."""
    figure = empty_figure(3.4)
    left, right = figure.subplots(1, 2)
    _histogram(left, report)
    _concentration(right, report)
    return svg(figure)


@names_as_they_are
def overview(report: PolicyReport) -> bytes:
    """All pictures in one PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7.5), layout="constrained")
    names = " and ".join(for_picture(target.name, _LABEL) for target in report.targets)
    figure.suptitle(
        f"What {names} would have earned on {for_picture(report.data, _LABEL)}",
        x=0.01, ha="left", weight="bold", fontsize=14,
    )  # fmt: skip
    spec = figure.add_gridspec(2, 2, height_ratios=(1.15, 1))
    _estimates(figure.add_subplot(spec[0, :]), report)
    _histogram(figure.add_subplot(spec[1, 0]), report)
    _concentration(figure.add_subplot(spec[1, 1]), report)
    return png(figure, dpi=150)


def _estimates(axes: "Axes", report: PolicyReport) -> None:
    names = list(dict.fromkeys(name for value in report.values for name in value.estimates))
    logged = report.values[0].logged
    axes.axvspan(logged.low, logged.high, color=GRID, lw=0)
    axes.axvline(logged.mean, color=GREY, lw=1.2, label="the log itself")
    shift = 0.28 if len(report.values) > 1 else 0.0
    for number, (target, value) in enumerate(zip(report.targets, report.values, strict=True)):
        colour, marker = _COLOURS[number], _MARKERS[number]
        for name, estimate in value.estimates.items():
            height = names.index(name) + shift * (number - 0.5)
            read, interval = name == value.recommended, estimate.interval
            axes.plot(
                [interval.low, interval.high], [height, height], color=colour, lw=3 if read else 1.4
            )
            axes.plot(
                interval.mean, height, marker, color=colour, ms=8 if read else 5,
                mfc=colour if read else "white",
            )  # fmt: skip
        label = f"{for_picture(target.name, _LABEL)}, filled: the one to read"
        axes.plot([], [], marker, color=colour, label=label)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.legend(
        frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=3,
        borderaxespad=0, borderpad=0.2,
    )  # fmt: skip
    # The title stands above the legend, however long the names of the policies are.
    title = f"{earned(report).capitalize()}, {report.settings.level:.0%} intervals"
    titled(axes, title, "x", pad=22)


def _histogram(axes: "Axes", report: PolicyReport) -> None:
    """Shares of decisions by weight, on a logarithmic scale; zeros are told in the legend."""
    from matplotlib.ticker import LogLocator

    made = report_weights(report)
    positive = np.concatenate([values[values > 0] for values in made])
    low, high = positive.min(), positive.max()
    edges = np.geomspace(low / 1.05, high * 1.05, _BINS)
    for number, (target, values) in enumerate(zip(report.targets, made, strict=True)):
        counts, _ = np.histogram(values[values > 0], edges)
        label = f"{for_picture(target.name, _LABEL)}, {(values == 0).mean():.0%} are 0"
        axes.stairs(counts / len(values), edges, color=_COLOURS[number], lw=1.6, label=label)
    axes.axvline(1, color=INK, lw=0.8, ls=":")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    # The default labels ticks between powers of ten in TeX, which pictures here do not typeset.
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=9)
    titled(axes, "Share of decisions by importance weight", "both")


def _concentration(axes: "Axes", report: PolicyReport) -> None:
    """The share of all weight that the largest weights have, against their share of decisions."""
    for number, (target, values) in enumerate(
        zip(report.targets, report_weights(report), strict=True)
    ):
        ordered = np.sort(values)[::-1].cumsum() / values.sum()
        share = np.arange(1, len(values) + 1) / len(values)
        step = np.unique(np.geomspace(1, len(values), 400).astype(np.int64)) - 1
        size = report.values[number].estimates[report.values[number].recommended].diagnostics
        axes.plot(
            100 * share[step], 100 * ordered[step], color=_COLOURS[number],
            label=(
                f"{for_picture(target.name, _LABEL)}: {size.effective_sample:,.0f} effective of "
                f"{size.decisions:,}"
            ),
        )  # fmt: skip
    axes.plot([0, 100], [0, 100], color=GREY, lw=0.8, ls=":")
    axes.set_xlabel("% of decisions, the largest weights first")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    titled(axes, "% of the weight that they carry", "both")
