"""The pictures of a comparison, as SVG; nothing is told by colour alone."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray
from recsys.ops.shown_text import for_picture
from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.drawing import (
    BLUE,
    GREEN,
    GREY,
    GRID,
    INK,
    ORANGE,
    SKY,
    VERDICTS,
    empty_figure,
    svg,
)
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINES = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", SKY, INK)
_LABEL = 36
"""Longest name of a run in a picture, in characters."""
_MARKERS, _DASHES = "os^vPXD*", ("-", "--", ":")


@names_as_they_are
def intervals(comparison: RunComparison) -> str:
    """The metric of every run with its interval, marked by its verdict against the baseline."""
    board, baseline = comparison.board, comparison.baseline
    figure, axes = _blank(height=1.2 + 0.3 * len(board))
    heights, means = np.arange(len(board)), board[comparison.metric].to_numpy()
    axes.hlines(heights, board["low"], board["high"], color=INK, lw=1.3)
    verdicts = board["verdict"].fillna("")
    for verdict, (marker, colour) in VERDICTS.items():
        rows = (verdicts == verdict).to_numpy()
        if rows.any():
            axes.plot(means[rows], heights[rows], marker, color=colour, ms=7, label=verdict)
    rows = (verdicts == "").to_numpy()
    axes.plot(means[rows], heights[rows], "D", color=INK, ms=6)
    base = means[(board["model"] == baseline).to_numpy()]
    if len(base):
        axes.axvline(base[0], color=INK, lw=0.9, ls="--", label=for_picture(baseline, _LABEL))
    if axes.get_legend_handles_labels()[1]:
        figure.legend(loc="outside upper right", ncols=4, frameon=False, fontsize=9)
    axes.set_yticks(heights, [_named(row.rank, row.label) for row in board.itertuples()])
    axes.invert_yaxis()
    axes.set_xlabel(for_picture(f"valid {comparison.metric}"))
    axes.grid(axis="x", color=GRID, lw=0.8)
    return svg(figure)


@names_as_they_are
def costs(comparison: RunComparison) -> str:
    """Quality against seconds and memory; runs on the Pareto front are filled and joined."""
    from matplotlib.ticker import LogLocator

    board = comparison.board[comparison.board["model"] != ORACLE]
    kinds = {
        "wall_seconds": "wall seconds of the run (log scale)",
        "peak_memory_mb": "peak memory, MiB",
    }
    known = {name: text for name, text in kinds.items() if board[name].notna().all()}
    figure, _ = _blank(height=4.2, panels=max(1, len(known)))
    for axes, (name, text) in zip(figure.axes, known.items(), strict=False):
        cost, quality = board[name].to_numpy(float), board[comparison.metric].to_numpy(float)
        best = pareto_front(cost, quality)
        _front(axes, cost, quality, best)
        for row, on_front, x, y in zip(board.itertuples(), best, cost, quality, strict=True):
            axes.annotate(
                _named(row.rank, row.label) if on_front else str(row.rank), (x, y),
                xytext=(0, 7), textcoords="offset points", fontsize=8, color=INK, ha="center",
            )  # fmt: skip
        if name == "wall_seconds":
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7), numticks=12))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.minorticks_off()
        axes.margins(0.15)
        axes.set_xlabel(text)
        axes.grid(color=GRID, lw=0.8)
    figure.axes[0].set_ylabel(for_picture(f"valid {comparison.metric}"))
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="outside upper right", ncols=2, frameon=False, fontsize=9,
    )  # fmt: skip
    return svg(figure)


@names_as_they_are
def learning_curves(curves: pd.DataFrame, metric: str) -> str:
    """The metric over the steps of learning, one line a run."""
    figure, axes = _blank(height=4.2)
    for line, (label, points) in enumerate(curves.groupby("label", sort=False)):
        axes.plot(
            points["step"], points["value"], label=for_picture(str(label), _LABEL), lw=1.5, ms=5,
            color=_LINES[line % len(_LINES)], marker=_MARKERS[line % len(_MARKERS)],
            ls=_DASHES[line // len(_LINES) % len(_DASHES)],
        )  # fmt: skip
    axes.set_xlabel("step (epoch)")
    axes.set_ylabel(for_picture(f"{metric} on a sample of valid"))
    axes.grid(axis="y", color=GRID, lw=0.8)
    figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    return svg(figure)


def pareto_front(cost: FloatArray, quality: FloatArray) -> BoolArray:
    """Which runs no other run dominates.

    Args:
        cost: [N] lower is better.
        quality: [N] higher is better.

    Returns:
        [N] whether no other run is at least as good and as cheap, and better in one of the two.
    """
    no_worse = (quality[:, None] >= quality) & (cost[:, None] <= cost)
    better = (quality[:, None] > quality) | (cost[:, None] < cost)
    is_dominated: BoolArray = np.any(no_worse & better, axis=0)
    return ~is_dominated


def _front(axes: "Axes", cost: FloatArray, quality: FloatArray, best: BoolArray) -> None:
    order = np.flatnonzero(best)[np.argsort(cost[best])]
    axes.plot(cost[order], quality[order], color=BLUE, lw=1, ls="--")
    axes.plot(cost[best], quality[best], "o", ms=8, color=BLUE, label="nothing cheaper is better")
    axes.plot(
        cost[~best],
        quality[~best],
        "s",
        ms=6,
        mfc="white",
        color=GREY,
        label="something cheaper is as good",
    )


def _named(rank: Any, label: object) -> str:
    return for_picture(str(label) if pd.isna(rank) else f"{rank} {label}", _LABEL)


def _blank(height: float, panels: int = 1) -> tuple["Figure", "Axes"]:
    figure = empty_figure(height)
    for axes in np.atleast_1d(figure.subplots(1, panels, sharey=True)):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
    return figure, figure.axes[0]
