"""Two pictures of a run: how metrics grow with the list, and whom the model serves."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.evaluate.intervals import Interval
from recsys.track.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which people with any colour vision can tell apart.
_COLOURS = {
    "recall": "#0072B2",
    "ndcg": "#D55E00",
    "precision": "#009E73",
    "map": "#CC79A7",
    "mrr": "#E69F00",
    "hit_rate": "#56B4E9",
}
_MARKERS = {
    "recall": "o", "ndcg": "s", "precision": "^", "map": "v", "mrr": "P", "hit_rate": "X",
}  # fmt: skip
_INK, _GRID = "#222222", "#dddddd"


def by_k(record: RunRecord, part: str) -> "Figure":
    """Each metric over the length of the list, with its interval.

    Args:
        record: of the run.
        part: "valid" or "test".
    """
    intervals = record.intervals()[part]
    figure, axes = _blank(record, f"{part}: how much is found in the first k products")
    curves = _curves(intervals)
    for name, curve in curves.items():
        colour = _COLOURS.get(name, _INK)
        ks, found = list(curve), list(curve.values())
        axes.fill_between(
            ks, [i.low for i in found], [i.high for i in found], color=colour, alpha=0.2, lw=0
        )
        axes.plot(
            ks, [i.mean for i in found], color=colour, marker=_MARKERS.get(name, "D"), label=name
        )
    ticks = sorted({k for curve in curves.values() for k in curve})
    axes.set_xscale("log")
    axes.set_xticks(ticks, [str(k) for k in ticks])
    axes.minorticks_off()
    axes.set_xlabel("k, products in the list (log scale)")
    axes.set_ylabel("mean over queries")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper left")
    customers = next(iter(intervals.values())).customers
    _foot(figure, f"Bands: bootstrap interval{_level(record)} over {customers:,} customers.")
    return figure


def by_history(record: RunRecord) -> "Figure":
    """The chosen metric on valid for cold, warm and hot customers, with intervals and counts."""
    metric = record.metric
    found = {name: intervals[metric] for name, intervals in record.slices.items()}
    figure, axes = _blank(record, f"valid {metric} by how much is known of the customer")
    names, means = list(found), [interval.mean for interval in found.values()]
    # The mean of a handful of customers may lie outside its own percentile interval.
    whiskers = [
        [max(0.0, interval.mean - interval.low) for interval in found.values()],
        [max(0.0, interval.high - interval.mean) for interval in found.values()],
    ]
    axes.bar(
        names, means, width=0.6, color=_COLOURS["recall"], alpha=0.75, yerr=whiskers,
        error_kw={"ecolor": _INK, "capsize": 5, "elinewidth": 1.3},
    )  # fmt: skip
    for place, interval in enumerate(found.values()):
        axes.annotate(
            f"{interval.mean:.3f}", (place, interval.high), xytext=(0, 5),
            textcoords="offset points", ha="center", color=_INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    meaning = _slice_meaning(record)
    axes.set_xticks(
        range(len(names)),
        [f"{name}{meaning.get(name, '')}\n{found[name].customers:,} customers" for name in names],
    )
    axes.set_xlim(-0.6, max(len(names), 3) - 0.4)
    axes.set_ylim(0, max(interval.high for interval in found.values()) * 1.15 or 1)
    axes.set_ylabel(metric)
    _foot(figure, f"Whiskers: bootstrap interval{_level(record)} over customers.")
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Writes a figure as PNG."""
    figure.savefig(path, dpi=120, facecolor="white")


def _blank(record: RunRecord, title: str) -> tuple["Figure", "Axes"]:
    # Without pyplot there is no global state and no backend to choose.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle(f"{record.model} on {record.data_name}", x=0.02, ha="left", weight="bold")
    axes.set_title(title, loc="left", fontsize=10, color=_INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=_GRID, lw=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _foot(figure: "Figure", text: str) -> None:
    figure.supxlabel(text, x=0.02, ha="left", fontsize=8, color="#555555")


def _curves(intervals: Mapping[str, Interval]) -> dict[str, dict[int, Interval]]:
    """Name of a metric -> k -> interval, k ascending."""
    curves: dict[str, dict[int, Interval]] = {}
    for metric, interval in intervals.items():
        name, _, k = metric.partition("@")
        if k.isdigit():
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
