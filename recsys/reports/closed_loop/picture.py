"""The picture of a closed loop: rewards as they add up, and their share of the oracle's."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys.experiments.closed_loop.arms import EXPLORING, ORACLE
from recsys.ops.shown_text import for_picture
from recsys.reports.closed_loop.figures import FEWEST, called, cumulative, mean_interval
from recsys.reports.drawing import BLUE, GREEN, GREY, INK, ORANGE, empty_figure, png, svg, titled
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {"popularity": GREY, "segment": ORANGE, "one_to_one": BLUE, ORACLE: GREEN}


@names_as_they_are
def as_svg(rounds: pd.DataFrame) -> str:
    """The picture for a page."""
    figure = empty_figure(4.6)
    _draw(figure, rounds)
    return svg(figure)


@names_as_they_are
def as_png(rounds: pd.DataFrame, market: str) -> bytes:
    """The picture by itself, with a title.

    Args:
        rounds: as `run_loop` returns it.
        market: what the market is called.
    """
    figure = empty_figure(5.2)
    seeds = rounds["seed"].nunique()
    figure.suptitle(
        f"Closed loop: train, decide, log, retrain ({for_picture(market, 60)}; {seeds} markets)",
        x=0.01, ha="left", weight="bold", fontsize=12,
    )  # fmt: skip
    _draw(figure, rounds)
    return png(figure, dpi=130)


def _draw(figure: "Figure", rounds: pd.DataFrame) -> None:
    left, right = figure.subplots(1, 2)
    sums = cumulative(rounds)
    for arm, values in sums.items():
        _line(left, arm, values / 1e6)
        if arm != ORACLE:
            _line(right, arm, 100 * values / sums[ORACLE])
    for axes in (left, right):
        _limit_to_means(axes)
    _style(left, "Cumulative reward, million euros")
    _style(right, "Cumulative reward, % of the oracle's")
    left.set_ylim(bottom=0)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9,
        title=f"Dashed: with exploration. {_bands(rounds['seed'].nunique())}",
        title_fontsize=9,
    )  # fmt: skip


def _bands(markets: int) -> str:
    if markets < FEWEST:
        return f"No intervals: they take {FEWEST} markets."
    return "Bands: 95 % t intervals over markets, of the other arms."


def _limit_to_means(axes: "Axes") -> None:
    """Wide bands of few markets would press the lines together: they are cut off instead."""
    means = np.concatenate([np.asarray(line.get_ydata(), np.float64) for line in axes.get_lines()])
    low, high = float(means.min()), float(means.max())
    margin = 0.5 * (high - low) or 0.05 * abs(high) or 1.0
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, low - margin, 0), min(top, high + margin))


def _line(axes: "Axes", arm: str, values: np.ndarray) -> None:
    mean, low, high = mean_interval(values)
    colour, exploring = _COLOURS[arm.removesuffix(EXPLORING)], arm.endswith(EXPLORING)
    number = np.arange(1, len(mean) + 1)
    axes.plot(
        number, mean, color=colour, lw=1.8, ls="--" if exploring else "-",
        marker="" if exploring else "o", ms=3.5, label=called(arm),
    )  # fmt: skip
    if not exploring:  # more bands would hide each other; the tables have all intervals
        axes.fill_between(number, low, high, color=colour, alpha=0.12, lw=0)


def _style(axes: "Axes", title: str) -> None:
    from matplotlib.ticker import MaxNLocator

    titled(axes, title, "both", color=INK)
    axes.set_xlabel("round")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
