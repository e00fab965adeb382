"""The rows of a set as a picture: quality against seconds."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.records.labels import placed
from benchmarks.records.runs import Run
from recsys.arrays import FloatArray
from recsys.ops.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

_BEST, _OTHERS, _LINE = "#D55E00", "#5A5A5A", "#B0B0B0"
_SHOWN = 0.5
"""Models with less than this share of the best would press the others into a line."""
_POINT, _SPACE, _FAR = 5.0, 5.0, 18.0
"""Half the size of a point, space around a label, and from where on a line leads to it; pixels."""


def front(rows: Mapping[str, Run], metric: str) -> list[str]:
    """Models that no other one beats on test in fewer seconds of the fit, the quickest first."""
    ranked = sorted(
        rows, key=lambda name: (rows[name].fit_seconds, -rows[name].mean("test", metric))
    )
    kept: list[str] = []
    for name in ranked:
        if not kept or rows[name].mean("test", metric) > rows[kept[-1]].mean("test", metric):
            kept.append(name)
    return kept


def pareto_picture(name: str, metric: str, rows: Mapping[str, Run], path: Path) -> None:
    """Test over the seconds of the fit, with intervals; a staircase joins the front. PNG.

    Models far below the best are named under the picture.
    """
    from matplotlib.figure import Figure

    least = _SHOWN * max(run.mean("test", metric) for run in rows.values())
    shown = {model: run for model, run in rows.items() if run.mean("test", metric) >= least}
    below = [model for model in rows if model not in shown]
    figure = Figure(figsize=(9, 5.4), dpi=120)
    figure.subplots_adjust(left=0.09, right=0.97, top=0.88, bottom=0.16 if below else 0.11)
    axes, best = figure.add_subplot(), front(shown, metric)
    _describe(axes, name, metric)
    for model, run in shown.items():
        colour, mean = _BEST if model in best else _OTHERS, run.mean("test", metric)
        axes.plot(run.fit_seconds, mean, "o", color=colour, ms=5, zorder=3)
        axes.plot(*zip(*_bar(run, metric), strict=True), color=colour, lw=1, zorder=3)
    stairs = _corners([shown[model] for model in best], metric)
    axes.plot(*zip(*stairs, strict=True), color=_BEST, lw=1.2, zorder=2, alpha=0.7)
    if below:
        said = ", ".join(f"{model} {rows[model].mean('test', metric):.4f}" for model in below)
        figure.text(0.09, 0.02, f"Below the picture: {said}", fontsize=8.5, color=_OTHERS)
    label(axes, shown, metric, best)
    with whole_file(path) as file:
        figure.savefig(file, facecolor="white")


def label(
    axes: "Axes", rows: Mapping[str, Run], metric: str, best: Sequence[str]
) -> list["Annotation"]:
    """Names each point, beside it or, where there is no room, at the end of a thin line.

    Args:
        axes: with its final limits.
        rows: the models to name.
        metric: that is drawn.
        best: the front of the rows.
    """
    axes.get_figure().draw_without_rendering()  # type: ignore[union-attr]
    at = [(run.fit_seconds, run.mean("test", metric)) for run in rows.values()]
    names = [
        axes.annotate(
            model, place, (0, 0), textcoords="offset pixels", ha="center", va="center", fontsize=9,
            color=_BEST if model in best else _OTHERS,
        )
        for model, place in zip(rows, at, strict=True)
    ]  # fmt: skip
    points = axes.transData.transform(at)
    sizes = np.array([name.get_window_extent().size for name in names])
    lines = [_bar(run, metric) for run in rows.values()]
    lines += pairwise(_corners([rows[model] for model in best], metric))
    taken = np.vstack([
        np.hstack([points - _POINT, points + _POINT]),
        *(_box_around(axes.transData.transform(line)) for line in lines),
    ])  # fmt: skip
    centres = placed(points, sizes + _SPACE, axes.bbox.extents, taken)
    for name, point, centre, size in zip(names, points, centres, sizes, strict=True):
        name.set_position(tuple(centre - point))
        edge = np.clip(point, centre - size / 2, centre + size / 2)
        if np.hypot(*(point - edge)) > _FAR:
            ends = axes.transData.inverted().transform([point, edge])
            axes.plot(*ends.T, color=_LINE, lw=0.7, zorder=1, scalex=False, scaley=False)
    return names


def _describe(axes: "Axes", name: str, metric: str) -> None:
    """Titles, scales and grid."""
    from matplotlib.ticker import LogLocator, NullFormatter

    word, _, k = metric.partition("@")
    axes.set(
        xscale="log", xlabel="seconds of one fit with known settings (log scale)",
        ylabel=f"{word.upper()}@{k} on test",
    )  # fmt: skip
    axes.margins(x=0.12, y=0.14)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(color="#E4E4E4", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"{name}: how good, after how long a fit", loc="left", fontsize=12, pad=22)
    axes.text(
        0, 1.02, "Orange: no other model is better in less time. Bars: 95 % over customers.",
        transform=axes.transAxes, fontsize=9, color=_OTHERS,
    )  # fmt: skip


def _bar(run: Run, metric: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both ends of an interval, in seconds and quality."""
    interval = run.metrics["test"][metric]
    return (run.fit_seconds, interval["low"]), (run.fit_seconds, interval["high"])


def _corners(best: Sequence[Run], metric: str) -> list[tuple[float, float]]:
    """Points of the staircase through the front, in seconds and quality."""
    corners: list[tuple[float, float]] = []
    for run in best:
        quality = run.mean("test", metric)
        if corners:
            corners.append((run.fit_seconds, corners[-1][1]))
        corners.append((run.fit_seconds, quality))
    return corners


def _box_around(ends: FloatArray) -> FloatArray:
    """[1, 4] the box of a line, a pixel wider on each side."""
    return np.hstack([ends.min(axis=0) - 1, ends.max(axis=0) + 1])[None]
