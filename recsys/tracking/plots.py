"""Two figures of a run: metrics by the length of the list, and the chosen metric by slice."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from recsys.evaluation.intervals import Interval
from recsys.evaluation.measures import OF_HITS
from recsys.tracking.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Arguments = ParamSpec("Arguments")
Drawn = TypeVar("Drawn")

# Okabe and Ito's palette, which people with any colour vision can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222")
_BLUE, _ORANGE = _COLOURS[:2]
_MARKERS = "os^vPXD*"
_USUAL = ("recall", "ndcg", "precision", "map", "mrr", "hit_rate")
"""Metrics with the same colour and marker in every figure; others get the remaining ones."""
_INK, _GRID = "#222222", "#dddddd"


def names_as_they_are(draw: Callable[Arguments, Drawn]) -> Callable[Arguments, Drawn]:
    """Decorates a function that draws or saves a figure, so that `$` in it is a letter.

    Matplotlib reads what is between two of them as a formula, and names of data may hold any.
    """

    @wraps(draw)
    def drawn(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Drawn:
        # Late, as all of matplotlib: its import takes a second.
        from matplotlib import rc_context

        with rc_context({"text.parse_math": False, "text.usetex": False}):
            return draw(*args, **kwargs)

    return drawn


@names_as_they_are
def by_k(record: RunRecord, part: str) -> "Figure":
    """Draws each metric of relevance against the length of the list, with its interval.

    Args:
        record: of the run.
        part: "valid" or "test".
    """
    intervals = record.intervals()[part]
    figure, axes = _blank(record, f"{part}: metrics of the first k products")
    curves = _curves(intervals, record.metric)
    looks = _looks(list(curves))
    for name, curve in curves.items():
        colour, marker = looks[name]
        ks, lows = list(curve), [interval.low for interval in curve.values()]
        means, highs = zip(*((value.mean, value.high) for value in curve.values()), strict=True)
        axes.fill_between(ks, lows, highs, color=colour, alpha=0.2, lw=0)
        axes.plot(ks, means, color=colour, marker=marker, label=name)
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
    """Draws the chosen metric on valid by slice of each dimension, with intervals and counts."""
    metric = record.metric
    rows = list(_slice_rows(record))
    figure, axes = _blank(record, f"valid {metric} by slice", height=1.6 + 0.26 * len(rows))
    overall = record.valid_intervals[metric]
    axes.axvspan(overall.low, overall.high, color=_BLUE, alpha=0.12, lw=0)
    axes.axvline(overall.mean, color=_BLUE, lw=1, ls="--")
    edge = axes.get_yaxis_transform()  # x as a share of the width, y as data
    for y, (label, interval) in enumerate(rows):
        if interval is None:
            axes.text(-0.01, y, label, ha="right", va="center", weight="bold", transform=edge)
            continue
        axes.text(-0.01, y, label, ha="right", va="center", transform=edge)
        # Not as error bars: the mean of a few customers may lie outside its interval.
        axes.plot([interval.low, interval.high], [y, y], color=_INK, lw=1.6)
        axes.plot(interval.mean, y, "o", color=_ORANGE, ms=6)
        numbers = f"{interval.mean:.3f}  {interval.customers:>9,}"
        axes.text(1.01, y, numbers, va="center", family="monospace", transform=edge)
    axes.text(1.01, -1, f"{'mean':<5}  customers", va="center", family="monospace", transform=edge)
    axes.set_ylim(len(rows) - 0.4, -1.6)
    axes.set_yticks([])
    axes.grid(axis="x", color=_GRID, lw=0.8)
    axes.set_xlim(left=0)
    axes.set_xlabel(metric)
    _foot(figure, f"Lines: bootstrap interval{_level(record)}. Dashed: all customers.")
    return figure


def _looks(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Name of a metric -> its colour and marker, a pair that no other metric has."""
    order = dict.fromkeys((*_USUAL, *names))
    return {
        name: (_COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)])
        for number, name in enumerate(order)
    }


def _slice_rows(record: RunRecord) -> Iterator[tuple[str, Interval | None]]:
    """The name of each dimension without an interval, then its slices with theirs."""
    meaning = _slice_meaning(record)
    for dimension, slices in record.slices.items():
        intervals = {
            name: values[record.metric]
            for name, values in slices.items()
            if record.metric in values
        }
        if intervals:
            yield dimension.replace("_", " "), None
        for name, interval in intervals.items():
            explanation = meaning.get(name, "") if dimension == "history" else ""
            yield _shortened(name) + explanation, interval


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


def _level(record: RunRecord) -> str:
    level = record.config.get("evaluate", {}).get("level")
    return f" ({level:.0%})" if level else ""


def _slice_meaning(record: RunRecord) -> dict[str, str]:
    settings = record.config.get("evaluate", {})
    warm, hot = settings.get("warm_from"), settings.get("hot_from")
    if warm is None or hot is None:
        return {}
    return {
        "cold": ": no event before" if warm == 1 else f": under {warm} events",
        "warm": f": {warm} to {hot - 1} events",
        "hot": f": {hot} events or more",
    }
