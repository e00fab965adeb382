"""Two pictures of a run: how metrics grow with the list, and whom and what the model serves."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.evaluation.intervals import Interval
from recsys.evaluation.measures import OF_HITS
from recsys.tracking.drawing import names_as_they_are
from recsys.tracking.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which people with any colour vision can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222")
_BLUE, _ORANGE = _COLOURS[:2]
_MARKERS = "os^vPXD*"
_USUAL = ("recall", "ndcg", "precision", "map", "mrr", "hit_rate")
"""Metrics that look the same in all pictures; those that are added look like no other in one."""
_INK, _GRID = "#222222", "#dddddd"


@names_as_they_are
def by_k(record: RunRecord, part: str) -> "Figure":
    """Each metric of hits over the length of the list, with its interval.

    Args:
        record: of the run.
        part: "valid" or "test".
    """
    intervals = record.intervals()[part]
    figure, axes = _blank(record, f"{part}: how much is found in the first k products")
    curves = _curves(intervals, record.metric)
    looks = _looks(list(curves))
    for name, curve in curves.items():
        colour, marker = looks[name]
        ks, found = list(curve), list(curve.values())
        axes.fill_between(
            ks, [i.low for i in found], [i.high for i in found], color=colour, alpha=0.2, lw=0
        )
        axes.plot(ks, [i.mean for i in found], color=colour, marker=marker, label=name)
    ticks = sorted({k for curve in curves.values() for k in curve})
    axes.set_xscale("log")
    axes.set_xticks(ticks, [str(k) for k in ticks])
    axes.minorticks_off()
    axes.set_xlabel("k, products in the list (log scale)")
    axes.set_ylabel("mean over queries")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    customers = max(interval.customers for interval in intervals.values())
    _foot(figure, f"Bands: bootstrap interval{_level(record)} over {customers:,} customers.")
    return figure


@names_as_they_are
def by_slice(record: RunRecord) -> "Figure":
    """The chosen metric on valid in every slice of every dimension, with intervals and counts."""
    metric = record.metric
    rows = list(_slice_rows(record))
    figure, axes = _blank(record, f"valid {metric} by slice", height=1.6 + 0.26 * len(rows))
    whole = record.valid_intervals[metric]
    axes.axvspan(whole.low, whole.high, color=_BLUE, alpha=0.12, lw=0)
    axes.axvline(whole.mean, color=_BLUE, lw=1, ls="--")
    edge = axes.get_yaxis_transform()  # places as shares of the width, rows as they are
    for place, (label, interval) in enumerate(rows):
        if interval is None:
            axes.text(-0.01, place, label, ha="right", va="center", weight="bold", transform=edge)
            continue
        axes.text(-0.01, place, label, ha="right", va="center", transform=edge)
        # Not as error bars: the mean of a handful of customers may lie outside its interval.
        axes.plot([interval.low, interval.high], [place, place], color=_INK, lw=1.6)
        axes.plot(interval.mean, place, "o", color=_ORANGE, ms=6)
        numbers = f"{interval.mean:.3f}  {interval.customers:>9,}"
        axes.text(1.01, place, numbers, va="center", family="monospace", transform=edge)
    axes.text(1.01, -1, f"{'mean':<5}  customers", va="center", family="monospace", transform=edge)
    axes.set_ylim(len(rows) - 0.4, -1.6)
    axes.set_yticks([])
    axes.grid(axis="x", color=_GRID, lw=0.8)
    axes.set_xlim(left=0)
    axes.set_xlabel(metric)
    _foot(figure, f"Lines: bootstrap interval{_level(record)}. Dashed: all customers.")
    return figure


def _looks(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Name of a metric -> colour and marker, which in this pairing no other has."""
    order = dict.fromkeys((*_USUAL, *names))
    return {
        name: (_COLOURS[place % len(_COLOURS)], _MARKERS[place % len(_MARKERS)])
        for place, name in enumerate(order)
    }


def _slice_rows(record: RunRecord) -> Iterator[tuple[str, Interval | None]]:
    """The name of each dimension, and below it of its slices with their intervals."""
    meaning = _slice_meaning(record)
    for dimension, slices in record.slices.items():
        found = {
            name: values[record.metric]
            for name, values in slices.items()
            if record.metric in values
        }
        if found:
            yield dimension.replace("_", " "), None
        for name, interval in found.items():
            words = meaning.get(name, "") if dimension == "history" else ""
            yield _shortened(name) + words, interval


def _shortened(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"


@names_as_they_are
def save(figure: "Figure", path: Path) -> None:
    """Writes a figure as PNG."""
    figure.savefig(path, dpi=120, facecolor="white")


def _blank(record: RunRecord, title: str, height: float = 4.6) -> tuple["Figure", "Axes"]:
    # Without pyplot there is no global state and no backend to choose.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, height), layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle(f"{record.model} on {record.data_name}", x=0.02, ha="left", weight="bold")
    axes.set_title(title, loc="left", fontsize=10, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=_GRID, lw=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _foot(figure: "Figure", text: str) -> None:
    figure.supxlabel(text, x=0.02, ha="left", fontsize=8, color="#555555")


def _curves(intervals: Mapping[str, Interval], chosen: str) -> dict[str, dict[int, Interval]]:
    """Name of a metric between 0 and 1, or of the chosen one -> k -> interval, k ascending."""
    names = {*OF_HITS, chosen.partition("@")[0]}
    curves: dict[str, dict[int, Interval]] = {}
    for metric, interval in intervals.items():
        name, _, k = metric.partition("@")
        if name in names and k:
            curves.setdefault(name, {})[int(k)] = interval
    return {name: dict(sorted(curve.items())) for name, curve in curves.items()}


def _settings(record: RunRecord) -> Mapping[str, Any]:
    found: Mapping[str, Any] = record.config.get("evaluate", {})
    return found


def _level(record: RunRecord) -> str:
    level = _settings(record).get("level")
    return f" ({level:.0%})" if level else ""


def _slice_meaning(record: RunRecord) -> dict[str, str]:
    warm, hot = (_settings(record).get(key) for key in ("warm_from", "hot_from"))
    if warm is None or hot is None:
        return {}
    return {
        "cold": ": no event before" if warm == 1 else f": under {warm} events",
        "warm": f": {warm} to {hot - 1} events",
        "hot": f": {hot} events or more",
    }
