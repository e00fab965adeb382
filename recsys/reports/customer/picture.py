"""The events of a customer as a picture: a line a strand, time from left to right."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from recsys.data.interactions import timestamp
from recsys.ops.shown_text import for_picture
from recsys.reports.customer.card import CustomerCard
from recsys.reports.customer.strands import Strand
from recsys.reports.customer.words import Words
from recsys.reports.drawing import BLUE, GREEN, GREY, INK, ORANGE, SKY, empty_figure, framed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 7
"""Purposes that have a line."""
_MARKS: Mapping[str, tuple[str, str]] = {
    "view": (".", SKY), "click": ("o", SKY), "cart": ("s", ORANGE), "accept": ("D", GREEN),
    "purchase": ("*", GREEN), "reject": ("x", ORANGE), "ignore": ("|", GREY),
    "contact": ("^", INK),
}  # fmt: skip
"""Action -> mark and colour; the mark alone is enough."""
_SIZE = {"purchase": 110.0, "view": 60.0}


def timeline_figure(card: CustomerCard, words: Words) -> "Figure":
    """The figure; a line goes on dotted where its strand is open at the cut-off.

    Strands for the same purpose share a line. Of many purposes those with the latest event are
    drawn.
    """
    events = card.timeline.events
    purposes = _purposes(card.timeline.strands)
    lanes = {strand.number: purposes.index(strand.purpose)
             for strand in card.timeline.strands if strand.purpose in purposes}  # fmt: skip
    names = [for_picture(purpose, 26) for purpose in purposes]
    if (events["strand"] == 0).any():
        lanes[0] = len(names)
        names.append(words.say("no_strand"))
    figure = empty_figure(0.9 + 0.27 * max(len(names), 2))
    axes = figure.subplots()
    for strand in card.timeline.strands:
        if strand.number in lanes:
            _draw_strand(axes, card, strand, lanes[strand.number])
    shown = events[events["strand"].isin(list(lanes))]
    for action, (mark, colour) in _MARKS.items():
        rows = shown[shown["action"] == action]
        if len(rows):
            heights = [lanes[strand] for strand in rows["strand"]]
            axes.scatter(rows["when"].tolist(), heights, marker=mark, color=colour,
                         s=_SIZE.get(action, 34.0), label=words.name("actions", action),
                         linewidths=1.2, zorder=3)  # fmt: skip
    if not names:
        axes.set_axis_off()
        axes.text(0, 0.5, words.say("summary_no_events"), color=INK)
        return figure
    axes.axvline(_end(card), color=INK, lw=1)  # type: ignore[arg-type]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    framed(axes, "x")
    _date_axis(axes, card, words)
    axes.legend(frameon=False, ncols=8, loc="lower left", bbox_to_anchor=(0, 1), fontsize=9,
                borderaxespad=0.1, handletextpad=0.1, columnspacing=1.2)  # fmt: skip
    return figure


def _purposes(strands: Sequence[Strand]) -> list[str]:
    """Purposes by the latest event, the latest first."""
    latest: dict[str, float] = {}
    for strand in strands:
        latest[strand.purpose] = min(latest.get(strand.purpose, strand.silence), strand.silence)
    return sorted(latest, key=lambda purpose: latest[purpose])[:_MOST]


def _draw_strand(axes: "Axes", card: CustomerCard, strand: Strand, lane: int) -> None:
    mine = card.timeline.events.loc[card.timeline.events["strand"] == strand.number, "when"]
    axes.plot([mine.iloc[0], mine.iloc[-1]], [lane, lane], color=BLUE, lw=2, alpha=0.5)
    if strand.is_open:
        axes.plot([mine.iloc[-1], _end(card)], [lane, lane], color=BLUE, lw=1.4, ls=":")


def _end(card: CustomerCard) -> pd.Timestamp | int:
    person = card.person
    if person.moment is not None:
        return timestamp(person.moment)
    return len(card.timeline.events) if person.data.as_of is None else person.data.as_of


def _date_axis(axes: "Axes", card: CustomerCard, words: Words) -> None:
    if card.person.moment is None:
        return
    from matplotlib.dates import AutoDateLocator, DateFormatter

    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=8))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter(words.date))  # type: ignore[no-untyped-call]
