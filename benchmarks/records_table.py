"""Records of a set as a table and as a picture: quality against seconds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.suite import kept_cell, recall_beside
from recsys.ops.whole_file import whole_file

Rows = Mapping[str, Mapping[str, Any]]
"""Model -> its metrics.json, with test."""

_BEST, _OTHERS = "#D55E00", "#767676"


def front(rows: Rows, metric: str) -> list[str]:
    """Models that no other one beats on test in fewer seconds of the fit, the quickest first."""
    ranked = sorted(rows, key=lambda name: (_seconds(rows[name]), -_mean(rows[name], metric)))
    kept: list[str] = []
    for name in ranked:
        if not kept or _mean(rows[name], metric) > _mean(rows[kept[-1]], metric):
            kept.append(name)
    return kept


def table(name: str, metric: str, rows: Rows) -> str:
    """Markdown, a row a model, the best on valid first; the best on test is marked.

    A ranking by test is what most published tables show; choosing by it is not honest, so the order
    is that of valid.
    """
    recall = recall_beside(metric)
    best = max(rows, key=lambda model: _mean(rows[model], metric))
    lines = [
        f"**{name}**", "",
        f"| | valid {metric} | test {metric} | test {recall} | fit s | peak MB |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for model in sorted(rows, key=lambda model: -rows[model]["valid"][metric]["mean"]):
        metrics = rows[model]
        mark = " (best on test)" if model == best else ""
        cells = [
            kept_cell(metrics["valid"][metric]), kept_cell(metrics["test"][metric]) + mark,
            kept_cell(metrics["test"][recall]), f"{_seconds(metrics):.1f}",
            f"{metrics['peak_memory_mb']:,.0f}",
        ]  # fmt: skip
        lines.append(f"| {model} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def pareto_picture(name: str, metric: str, rows: Rows, path: Path) -> None:
    """Test over the seconds of the fit, with intervals; a line joins the front. PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    best = front(rows, metric)
    axes.plot(
        [_seconds(rows[model]) for model in best],
        [_mean(rows[model], metric) for model in best],
        color=_BEST, lw=1.2, zorder=1, drawstyle="steps-post",
    )  # fmt: skip
    for model, metrics in rows.items():
        interval, seconds = metrics["test"][metric], _seconds(metrics)
        colour = _BEST if model in best else _OTHERS
        ends = [[interval["mean"] - interval["low"]], [interval["high"] - interval["mean"]]]
        axes.errorbar(seconds, interval["mean"], ends, fmt="o", color=colour, lw=1, ms=5)
        axes.annotate(
            model, (seconds, interval["mean"]), (6, 4), textcoords="offset points",
            color=colour, fontsize=9,
        )  # fmt: skip
    axes.set(xscale="log", xlabel="seconds of one fit (log scale)")
    axes.set_title(f"{name}: {metric} on test, 95 % over customers", loc="left", fontsize=11)
    axes.margins(x=0.14)
    axes.grid(color="#DDDDDD", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    with whole_file(path) as file:
        figure.savefig(file, dpi=120, facecolor="white")


def _mean(metrics: Mapping[str, Any], metric: str) -> float:
    return float(metrics["test"][metric]["mean"])


def _seconds(metrics: Mapping[str, Any]) -> float:
    # Less than a tenth of a second counts as that, so that counting does not stretch the axis.
    return max(float(metrics["seconds"]["refit"]), 0.1)
