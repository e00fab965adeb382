"""A forecast of customers as one HTML page, and as lines for the terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.holdout import Holdout
from recsys.reports.drawing import BLUE, INK, ORANGE, empty_figure, svg, titled
from recsys.reports.lifetime_value.report import (
    ValueReport,
    band_table,
    holdout_table,
    parameter_table,
    summary,
    title,
)
from recsys.reports.rendering import PagePicture, render, table_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "lifetime_value.html"
"""File name of the page."""
_MOST = 7
"""Repeat purchases from which customers are drawn together."""


def value_page(report: ValueReport) -> str:
    """The page as an HTML document."""
    made = report.forecast
    end = datetime.fromtimestamp(report.as_of, UTC)
    facts = {"data": report.data, "until": f"{end:%Y-%m-%d %H:%M} UTC", "model": made.name}
    if np.isfinite(made.correlation):
        facts["correlation of number and value"] = f"{made.correlation:+.3f}"
    return render(
        PAGE,
        title=title(report),
        facts=facts,
        summary=[summary(report)],
        bands=band_table(report),
        parameters=parameter_table(report),
        worth=PagePicture(svg(_worth(report)), "Share of all worth by share of customers"),
        holdout=None if report.holdout is None else holdout_table(report.holdout),
        calibration=None
        if report.holdout is None
        else PagePicture(
            svg(_calibration(report.holdout)),
            "Mean purchases that came and that were expected, by earlier repeat purchases",
        ),
    )


def value_text(report: ValueReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield title(report)
    yield summary(report)
    tables = [band_table(report), parameter_table(report)]
    if report.holdout is not None:
        tables.append(holdout_table(report.holdout))
    for table in tables:
        yield from table_lines(table)


def _worth(report: ValueReport) -> "Figure":
    """How much of the worth the best customers bring (a Lorenz curve, best first)."""
    figure = empty_figure(3.2)
    axes = figure.subplots()
    worth = -np.sort(-report.worth.mean)
    total = worth.sum() or 1.0
    at = np.unique(np.linspace(0, len(worth), 201).astype(int))
    share = np.append(0.0, np.cumsum(worth))[at] / total
    axes.plot(at / len(worth) * 100, share * 100, color=BLUE, lw=2)
    axes.plot([0, 100], [0, 100], color=INK, lw=0.8, ls=":")
    axes.set(xlim=(0, 100), ylim=(0, 101), xlabel="% of customers, the most valuable first")
    axes.set_ylabel(f"% of expected {report.unit}")
    titled(axes, f"What the best customers are expected to bring ({report.unit})", "both")
    return figure


def _calibration(holdout: Holdout) -> "Figure":
    figure = empty_figure(3.4)
    axes = figure.subplots()
    past = np.minimum(holdout.seen.history.purchases, _MOST).astype(int)
    groups = np.unique(past)
    count = np.bincount(past)[groups]

    def means(values: FloatArray) -> list[float]:
        return list(np.bincount(past, values)[groups] / count)

    axes.plot(groups, means(holdout.actual), color=INK, marker="o", lw=2, label="came")
    styles = {holdout.chosen: (BLUE, "-"), "boosting": (ORANGE, "--")}
    for name, (colour, line) in styles.items():
        if name in holdout.forecasts:
            values = means(holdout.forecasts[name])
            axes.plot(groups, values, color=colour, ls=line, marker="s", ms=4, label=name)
    labels = [f"{group}+" if group == _MOST else str(group) for group in groups]
    axes.set_xticks(groups, labels)
    axes.set(xlabel="repeat purchases before", ylabel="purchases in the period, mean")
    axes.legend(frameon=False)
    titled(axes, "Expected and actual purchases", "y")
    return figure
