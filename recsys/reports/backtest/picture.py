"""The picture of a backtest: the metric by window, and what age costs."""

from typing import TYPE_CHECKING

import pandas as pd

from recsys.ops.shown_text import for_picture
from recsys.reports.backtest.figures import Backtest
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    SKY,
    empty_figure,
    png,
    svg,
    titled,
)
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 6
"""Runs in the picture, the best; the tables have all."""

_LOOKS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (SKY, "D"), (INK, "v"), ("#CC79A7", "P"))
_LABEL = 32
_MOST_DATES = 8


@names_as_they_are
def as_svg(backtest: Backtest) -> str:
    """The picture for a page."""
    figure = empty_figure(4.4)
    _draw(figure, backtest)
    return svg(figure)


@names_as_they_are
def as_png(backtest: Backtest) -> bytes:
    """The picture by itself, with a title."""
    figure = empty_figure(4.9)
    about = backtest.comparison.runs[0]
    figure.suptitle(
        f"Backtest of {for_picture(about.data, 40)}, {for_picture(about.split, 70)}",
        x=0.01, ha="left", weight="bold", fontsize=12,
    )  # fmt: skip
    _draw(figure, backtest)
    return png(figure, dpi=130)


def _draw(figure: "Figure", backtest: Backtest) -> None:
    metric = backtest.comparison.metric
    if backtest.ages.empty:
        left = figure.add_subplot()
    else:
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        _by_age(right, backtest)
        titled(right, f"Old minus fresh, {metric}", "both", color=INK)
        right.set_xlabel("fitted so many windows earlier")
    _by_window(left, backtest)
    titled(left, f"{metric} by window", "both", color=INK)
    left.set_xlabel("start of the window; the model was fitted just before")
    handles, labels = left.get_legend_handles_labels()
    best = f"; the best {SHOWN} runs" if len(backtest.board) > SHOWN else ""
    figure.legend(
        handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9,
        title=f"95 % intervals over customers{best}",
        title_fontsize=9,
    )  # fmt: skip


def _shown(backtest: Backtest) -> list[tuple[str, str, str, str]]:
    """Run id, label, colour and marker of each run in the picture."""
    board, looks = backtest.board.head(SHOWN), iter(_LOOKS)
    return [
        (
            str(row["run_id"]),
            for_picture(str(row["label"]), _LABEL),
            *((GREY, "*") if row["model"] == ORACLE else next(looks)),
        )
        for row in board.to_dict("records")
    ]


def _by_window(axes: "Axes", backtest: Backtest) -> None:
    for run_id, label, colour, marker in _shown(backtest):
        rows = backtest.windows[backtest.windows["run_id"] == run_id]
        axes.fill_between(rows["window"], rows["low"], rows["high"], color=colour, alpha=0.12, lw=0)
        axes.plot(
            rows["window"], rows["mean"], color=colour, marker=marker, ms=5, lw=1.6, label=label
        )
    starts = backtest.windows.drop_duplicates("window").sort_values("window")
    starts = starts.iloc[:: -(-len(starts) // _MOST_DATES)]
    moments = [text[:16] for text in starts["start"]]
    days = [text.partition("T")[0] for text in moments]
    labels = days if len(set(days)) == len(days) else moments
    axes.set_xticks(starts["window"], labels, rotation=20, ha="right")
    axes.set_ylim(bottom=0)


def _by_age(axes: "Axes", backtest: Backtest) -> None:
    from matplotlib.ticker import MaxNLocator

    shown = _shown(backtest)
    for number, (run_id, _, colour, marker) in enumerate(shown):
        rows = backtest.ages[backtest.ages["run_id"] == run_id]
        if rows.empty:
            continue
        ends = pd.concat([rows["difference"] - rows["low"], rows["high"] - rows["difference"]])
        aside = 0.08 * (number - (len(shown) - 1) / 2)  # so that intervals do not hide each other
        axes.errorbar(
            rows["age"] + aside, rows["difference"],
            yerr=ends.to_numpy().reshape(2, -1).clip(min=0),
            color=colour, marker=marker, ms=5, lw=1.2, elinewidth=1,
        )  # fmt: skip
    axes.axhline(0, color=INK, lw=0.8)
    axes.set_xlim(backtest.ages["age"].min() - 0.5, backtest.ages["age"].max() + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
