"""Look-alikes of a list as a report: how well hidden seeds are found, by whom, and who follows."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.customers.similar.judgement import Judgement
from recsys.customers.similar.look_alikes import FOLDS, LookAlikes
from recsys.customers.similar.profile import Profile
from recsys.customers.similar.seeds import Seeds
from recsys.customers.similar.vectors import CustomerVectors
from recsys.customers.similar.words import in_words
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.reports.drawing import BLUE, GREY, INK, empty_figure, svg, titled
from recsys.reports.rendering import Cells, PagePicture, PageTable, verdict_cell
from recsys.reports.similar.report import Section, SimilarReport, ends, until

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 20


def look_alike_report(
    data: Dataset, model: str, vectors: CustomerVectors, seeds: Seeds, found: LookAlikes,
    activity: FloatArray, profile: Profile, size: int | None,
) -> SimilarReport:  # fmt: skip
    """What is shown of look-alikes.

    Args:
        data: up to the cut-off.
        model: name of the model whose vectors were compared.
        vectors: of customers.
        seeds: the list.
        found: the ranking of the customers of `vectors`.
        activity: [n] their number of events.
        profile: of the seeds against all others.
        size: how many are taken; None for as many as are suggested.

    Raises:
        InputError: there are fewer customers beside the seeds.
    """
    order = found.ranked()
    if size is not None and size > len(order):
        raise InputError(
            f"size: expected at most {len(order):,}, the customers with events beside the seeds, "
            f"got {size:,}"
        )
    taken = found.size if size is None else size
    ids = data.customers.ids[vectors.customers[order]]
    table = pd.DataFrame(
        {
            columns.CUSTOMER: ids,
            "rank": np.arange(1, len(order) + 1),
            "score": found.scores[order],
            "events": activity[order].astype(np.int64),
            "is_taken": np.arange(len(order)) < taken,
        }
    )
    judged = found.judgement
    return SimilarReport(
        title=f"Look-alikes of {judged.wanted:,} customers of {data.name}, as of {until(data)}",
        facts={"data": data.name, "as of": until(data), "model": model,
               "scored by": ", ".join(f"{name} ({times} of {FOLDS} folds)"
                                      for name, times in Counter(found.scorers).most_common())},
        summary=_summary(seeds, found, taken, size is None, vectors.without_events),
        sections=[
            _quality(judged, found, activity),
            Section(
                title="What the seeds are like",
                said=["As counted before the cut-off, against all other customers with events."],
                listed=[("Seeds", in_words(profile))],
            ),
            Section(
                title="Who is alike",
                said=["The score is the place among all customers of a fold: 1 is its best."],
                table=PageTable(
                    "Customers beside the list, the most alike first",
                    ["rank", "customer", "score", "events"],
                    _first(table),
                ),
            ),
        ],
        table=table,
        figures=figures(judged) | {"size": float(taken)},
    )  # fmt: skip


def _first(table: pd.DataFrame) -> list[Cells]:
    shown = table.head(_SHOWN)
    texts = [
        shown["rank"].map("{:,}".format), shown[columns.CUSTOMER].map(str),
        shown["score"].map("{:.4f}".format), shown["events"].map("{:,}".format),
    ]  # fmt: skip
    return [[str(cell) for cell in row] for row in zip(*texts, strict=True)]


def figures(judged: Judgement) -> dict[str, float]:
    """Name -> number of a judgement."""
    made = {
        "seeds": float(judged.wanted),
        "auc": judged.area.mean,
        "auc_activity": judged.activity.mean,
        "auc_beyond_activity": judged.beyond.mean,
        "auc_among_equally_active": judged.among_equals.mean,
    }
    for lift in judged.lifts:
        made[f"lift_{100 * lift.top:.0f}"] = lift.lift.value
        made[f"lift_{100 * lift.top:.0f}_activity"] = lift.activity.value
    return made


def _summary(
    seeds: Seeds, found: LookAlikes, taken: int, is_suggested: bool, cold: int
) -> list[str]:
    judged = found.judgement
    beyond = {
        "win": "surely better than by activity alone",
        "tie": "not surely better than by activity alone",
        "loss": "surely worse than by activity alone",
    }[judged.beyond.verdict]
    said = [
        f"{seeds.listed:,} customers are listed: {judged.wanted:,} have events, "
        f"{seeds.without_events:,} have none, {seeds.unknown:,} are not known. "
        f"{cold:,} customers without events are not ranked.",
        f"Hidden seeds are told from others with an area under the curve of {ends(judged.area)} "
        f"(.5 is chance), by activity alone {ends(judged.activity)}: {beyond} "
        f"({ends(judged.beyond, '+.3f')}). Among equally active customers it is "
        f"{ends(judged.among_equals)}.",
    ]
    if seeds.dated_before:
        said.append(
            f"{seeds.dated_before:,} seeds are dated before the cut-off: what they did then may be "
            "what they are listed for, and what is shown of quality then flatters. Set at= earlier."
        )
    if is_suggested and not taken:
        said.append("No size is suggested, because hidden seeds are not surely found.")
    elif is_suggested:
        said.append(
            f"Suggested size: {taken:,}, down to where a customer is no longer more likely to be a "
            "seed than customers are in the mean (Youden's index)."
        )
    else:
        said.append(f"{taken:,} are taken; the suggested size is {found.size:,}.")
    return said


def _quality(judged: Judgement, found: LookAlikes, activity: FloatArray) -> Section:
    rows: list[Cells] = [
        [f"top {100 * lift.top:.0f}%", ends(lift.lift), ends(lift.activity),
         verdict_cell(lift.verdict)]
        for lift in judged.lifts
    ]  # fmt: skip
    return Section(
        title="How well hidden seeds are found",
        said=[
            f"Each fifth of the customers is ranked by what the other four show, so that no score "
            f"knows whether its customer is a seed. {judged.wanted:,} seeds were hidden in turn. "
            "Lift is the share of seeds in the top over that of all customers: 1 is a random list. "
            "Ranges hold the number with 95% certainty; a verdict compares with activity, paired.",
            "Seeds that were chosen by something that the events before the cut-off show are found "
            "by that: set at= to a moment before it.",
        ],
        table=PageTable(
            "Lift of hidden seeds",
            ["customers", "by likeness", "by activity", "likeness against activity"],
            rows,
        ),
        picture=PagePicture(svg(_gains(found, activity)), "Share of hidden seeds found by share of "
                            "customers, by likeness, by activity and at random"),
    )  # fmt: skip


def _gains(found: LookAlikes, activity: FloatArray) -> "Figure":
    figure = empty_figure(3.4)
    axes = figure.subplots()
    for name, scores, colour in (("likeness", found.scores, BLUE), ("activity", activity, GREY)):
        order = np.argsort(-scores, kind="stable")
        at = np.unique(np.linspace(0, len(order), 301).astype(int))
        share = np.append(0.0, np.cumsum(found.is_seed[order]))[at] / found.is_seed.sum()
        axes.plot(at / len(order) * 100, share * 100, color=colour, lw=2)
        middle = len(at) // 3
        axes.annotate(name, (at[middle] / len(order) * 100, share[middle] * 100), color=colour,
                      xytext=(4, -12), textcoords="offset points")  # fmt: skip
    axes.plot([0, 100], [0, 100], color=INK, lw=0.8, ls=":")
    axes.set(xlim=(0, 100), ylim=(0, 101), xlabel="% of customers, the best first")
    axes.set_ylabel("% of hidden seeds")
    titled(axes, "Hidden seeds found (dotted: at random)", "both")
    return figure
