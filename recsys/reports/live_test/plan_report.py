"""The plan of a live test as a table, a picture and a page."""

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import yaml

from recsys.ops.result_tables import text_table
from recsys.ops.shown_text import for_picture
from recsys.policy.live_tests.draft import SLOWEST, Draft
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
from recsys.reports.live_test.files import PAGE, PICTURE, PLAN
from recsys.reports.live_test.plan_words import days_text, plan_sentences
from recsys.reports.rendering import PagePicture, PageTable, render
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (GREY, SKY, BLUE, GREEN, ORANGE)


def plan_files(draft: Draft) -> dict[str, bytes]:
    """The plan as YAML, the page and the picture.

    Args:
        draft: what is shown.

    Returns:
        file name -> content.
    """
    text = yaml.safe_dump(draft.content, sort_keys=False, allow_unicode=True)
    return {PLAN: text.encode(), PAGE: plan_page(draft).encode(), PICTURE: _png(draft)}


def plan_text(draft: Draft) -> str:
    """The plan as tables for a terminal."""
    log = text_table(f"{draft.content['name']}: what the log says", ("", "value"), _log_rows(draft))
    stages = text_table("stages", _HEAD, _stage_rows(draft))
    return "\n".join([log, "", stages, "", *plan_sentences(draft)])


def plan_page(draft: Draft) -> str:
    """The plan as an HTML document."""
    content = draft.content
    return render(
        "live_test_plan.html",
        title=f"Plan of a live test: {content['name']}",
        facts={"window": f"{content['window']} days", "salt": content["salt"]},
        summary=plan_sentences(draft),
        level=f"{content['level']:.0%}",
        power=f"{content['power']:.0%}",
        lift=f"{draft.lift:.1%}",
        window=content["window"],
        slowest=SLOWEST,
        off_policy=draft.treatment is not None,
        log=PageTable("A customer in the window", ("", "value"), _log_rows(draft)),
        stages=PageTable("Stages of the plan", _HEAD, _stage_rows(draft)),
        picture_of_power=PagePicture(_svg(draft), "Power by the day of the end, by stage"),
    )


_HEAD = ("stage", "share", "customers an arm", "most days", "loss to exclude", "fixed sample in")


def _stage_rows(draft: Draft) -> list[list[str]]:
    return [
        [
            stage["name"],
            f"{stage['share']:.0%}",
            f"{stage['customers']:,}",
            f"{stage['days']:,}",
            f"{stage['harm']:.4g}" if "harm" in stage else "",
            days_text(draft, draft.days[stage["name"]]),
        ]
        for stage in draft.content["stages"]
    ]


def _log_rows(draft: Draft) -> list[list[str]]:
    control, treatment = draft.control, draft.treatment
    rows = [
        ["customers measured", f"{control.customers:,}"],
        ["mean reward", f"{control.mean:.4g}"],
        ["standard deviation", f"{sqrt(control.variance):.4g}"],
        ["design effect of a customer's decisions", f"{draft.design_effect:.2f}"],
        ["customers a day", f"{draft.arrivals.sum() / len(draft.arrivals):,.1f}"],
    ]
    if treatment is not None:
        rows += [
            ["mean reward under the new policy (off-policy)", f"{treatment.mean:.4g}"],
            ["standard deviation under it", f"{sqrt(treatment.variance):.4g}"],
        ]
    return rows


@names_as_they_are
def _svg(draft: Draft) -> str:
    figure = empty_figure(3.4)
    _draw(figure.add_subplot(), draft)
    return svg(figure)


@names_as_they_are
def _png(draft: Draft) -> bytes:
    figure = empty_figure(4.6)
    title = f"{for_picture(draft.content['name'])}: days to find a gain of {draft.lift:.1%}"
    figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=14)
    _draw(figure.add_subplot(), draft)
    return png(figure)


def _draw(axes: "Axes", draft: Draft) -> None:
    window = draft.content["window"]
    for number, stage in enumerate(draft.content["stages"]):
        curve = draft.power[stage["name"]]
        days = np.arange(1, len(curve) + 1) + window
        colour = _COLOURS[number % len(_COLOURS)]
        label = f"{for_picture(stage['name'], 30)}, {stage['share']:.0%} of customers"
        axes.plot(days, 100 * curve, color=colour, lw=2, label=label)
    power = 100 * draft.content["power"]
    axes.axhline(power, color=INK, lw=1, ls=":")
    axes.annotate(
        "planned", (1, power), xycoords=("axes fraction", "data"), xytext=(-4, 3),
        textcoords="offset points", ha="right", fontsize=9, color=INK,
    )  # fmt: skip
    axes.set_ylim(0, 104)
    axes.set_xlim(left=0)
    axes.set_xlabel("day on which a fixed test ends, its window included")
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    titled(axes, "Probability of finding the gain, of 100", "y")
