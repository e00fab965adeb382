"""Reliability curves: observed rates over predicted probabilities, for all sends and by group."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.acceptance.reading import MODELS, AcceptanceReading, Equal
from recsys.evaluation.reliability import Reliability, reliability, reliability_by_group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The palette of Okabe and Ito, which readers with any colour vision can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222")
_MARKERS = "os^vPXD"
_GROUP_BINS = 5


def reliability_plot(
    title: str, curves: Sequence[tuple[AcceptanceReading, str]], equal: Equal, resamples: int
) -> "Figure":
    """A row a reading: both models on all sends, then the chosen one in the groups of a dimension.

    Args:
        title: of the picture.
        curves: readings, and the model that is shown by group.
        equal: what the bins of the first panel have equal; in groups they have equal counts.
        resamples: of the intervals.
    """
    # Without pyplot there is no global state and no backend to choose.
    from matplotlib.figure import Figure

    columns = 1 + max(len(reading.groups) for reading, _ in curves)
    figure = Figure(figsize=(4.1 * columns, 4.4 * len(curves)), layout="constrained")
    figure.suptitle(f"{title}: test", x=0.01, ha="left", weight="bold")
    panels = figure.subplots(len(curves), columns, squeeze=False)
    for row, (reading, model) in zip(panels, curves, strict=True):
        all_sends = {
            name: reliability(
                reading.probabilities[name], reading.outcome, reading.customers,
                equal=equal, resamples=resamples,
            )
            for name in MODELS
        }  # fmt: skip
        _panel(row[0], f"{reading.name.removesuffix('_test')}: all sends", all_sends)
        for axes, (dimension, cut) in zip(row[1:], reading.groups.items(), strict=False):
            parts = reliability_by_group(
                reading.probabilities[model], reading.outcome, reading.customers, cut,
                bins=_GROUP_BINS, equal="count", resamples=resamples,
            )  # fmt: skip
            _panel(axes, f"{model} by {dimension}", parts)
        for axes in row[1 + len(reading.groups) :]:
            axes.set_axis_off()
    figure.supxlabel(
        "Whiskers: 95 % bootstrap intervals over customers. Dashed: calibrated. Right panels: five "
        "bins of equal count.", x=0.01, ha="left", fontsize=8, color="#555555",
    )  # fmt: skip
    return figure


def _panel(axes: "Axes", title: str, curves: Mapping[str, Reliability]) -> None:
    ends = np.concatenate([np.append(curve.forecast, curve.high) for curve in curves.values()])
    top = min(1.0, 1.08 * ends.max())
    axes.plot([0, top], [0, top], ls="--", lw=1, color="#767676")
    for number, (name, curve) in enumerate(curves.items()):
        colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
        axes.vlines(curve.forecast, curve.low, curve.high, color=colour, lw=1.2, alpha=0.7)
        label = f"{name}, n {curve.count.sum():,}, ECE {curve.ece:.3f}"
        axes.plot(curve.forecast, curve.rate, color=colour, marker=marker, ms=5, lw=1, label=label)
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlabel("mean forecast")
    axes.set_ylabel("share accepted")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", lw=0.8)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize=7, loc="upper left")
