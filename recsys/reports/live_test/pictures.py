"""The pictures of a running test: its intervals day by day, and Qini curves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from recsys.ops.shown_text import for_picture
from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.plan import LiveTest
from recsys.policy.live_tests.reading import Reading
from recsys.policy.live_tests.uplift import Uplift
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

_COLOURS = (BLUE, ORANGE, GREEN, SKY)


@names_as_they_are
def days(plan: LiveTest, reading: Reading) -> str:
    """The intervals of every day as SVG."""
    figure = empty_figure(3.8)
    _days(figure.add_subplot(), plan, reading)
    return svg(figure)


@names_as_they_are
def qini(uplifts: Mapping[str, Uplift]) -> str:
    """Qini curves as SVG."""
    figure = empty_figure(3.6)
    _qini(figure.add_subplot(), uplifts)
    return svg(figure)


@names_as_they_are
def overview(plan: LiveTest, reading: Reading, uplifts: Mapping[str, Uplift]) -> bytes:
    """All pictures in one PNG."""
    figure = empty_figure(4.4 + (3.8 if uplifts else 0))
    figure.suptitle(for_picture(plan.name), x=0.01, ha="left", weight="bold", fontsize=14)
    rows = figure.subplots(2 if uplifts else 1, squeeze=False)[:, 0]
    _days(rows[0], plan, reading)
    if uplifts:
        _qini(rows[1], uplifts)
    return png(figure)


def _days(axes: "Axes", plan: LiveTest, reading: Reading) -> None:
    start = _start(plan)
    at = (reading.days - start) / DAY
    axes.axhline(0, color=INK, lw=0.9)
    axes.axhline(plan.gain, color=INK, lw=1, ls=":")
    for number, (arm, steps) in enumerate(reading.intervals.items()):
        known = np.isfinite(steps.low)
        colour = _COLOURS[number % len(_COLOURS)]
        axes.fill_between(at[known], steps.low[known], steps.high[known], color=colour, alpha=0.18)
        label = f"{for_picture(arm, 30)} - {for_picture(plan.control, 30)}"
        axes.plot(at[known], steps.difference[known], color=colour, lw=2, label=label)
    axes.set_xlim(0, max(float(at[-1]), 1.0) * 1.02)
    axes.set_ylim(_reach(plan, reading))
    _mark_stages(axes, plan, reading)
    axes.annotate(
        "gain worth having", (0, plan.gain), xycoords=("axes fraction", "data"), xytext=(4, 3),
        textcoords="offset points", fontsize=9, color=INK,
    )  # fmt: skip
    axes.set_xlabel("days since the test began")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    titled(axes, f"Difference of rewards a customer in {plan.window} days", "y")


def _reach(plan: LiveTest, reading: Reading) -> tuple[float, float]:
    """Limits that show the newest intervals well; the first ones reach far beyond."""
    ends = [abs(end) for steps in reading.intervals.values()
            for end in (*_newest(steps.low), *_newest(steps.high))]  # fmt: skip
    most = 1.15 * max([*ends, 2 * plan.gain])
    return -most, most


def _newest(ends: np.ndarray) -> list[float]:
    """The finite ends of the last two thirds of the days."""
    finite = ends[np.isfinite(ends)]
    return [float(end) for end in finite[len(finite) // 3 :]]


def _mark_stages(axes: "Axes", plan: LiveTest, reading: Reading) -> None:
    for stage in plan.stages[: reading.stage + 1]:
        assert stage.starts is not None
        day = (stage.starts.timestamp() - _start(plan)) / DAY
        axes.axvline(day, color=GREY, lw=1)
        axes.annotate(
            f"{for_picture(stage.name, 20)} {stage.share:.0%}", (day, 1),
            xycoords=("data", "axes fraction"), xytext=(4, -12), textcoords="offset points",
            fontsize=9, color=GREY,
        )  # fmt: skip


def _start(plan: LiveTest) -> float:
    starts = plan.stages[0].starts
    assert starts is not None
    return starts.timestamp()


def _qini(axes: "Axes", uplifts: Mapping[str, Uplift]) -> None:
    for number, (arm, made) in enumerate(uplifts.items()):
        colour, shares = _COLOURS[number % len(_COLOURS)], 100 * made.shares
        axes.fill_between(shares, made.low, made.high, color=colour, alpha=0.18)
        axes.plot(shares, made.curve, color=colour, lw=2, label=for_picture(arm, 30))
        axes.plot([0, 100], [0, made.curve[-1]], color=colour, lw=1, ls=":")
    axes.plot([], [], color=INK, lw=1, ls=":", label="in random order")
    axes.axhline(0, color=INK, lw=0.9)
    axes.set_xlim(0, 100)
    axes.set_xlabel("customers treated, of 100, best scores first")
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    titled(axes, "Gain of treating the first customers only, for each treated customer (Qini)", "y")
