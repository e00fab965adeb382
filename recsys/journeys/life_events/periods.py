"""Person-periods: customers at a moment, the weeks after it, and what happened in each."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import IntArray
from recsys.data.interactions import DAY
from recsys.journeys.life_events.observe import LifeEvents

WEEK = 7 * DAY
NONE = 0
"""Outcome of a week without a life event; kind k has outcome k + 1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Periods:
    """Periods [N] of pairs [M] of a customer and a moment.

    Attributes:
        customers, moments: [M] row numbers and UTC microseconds of the pairs.
        pair: [N] the pair of each period; week: [N] from 0, the one that begins at the moment.
        outcome: [N] `NONE`, or the kind of the first life event after the moment plus 1.
        drawn: share of all periods without an event that are among these.
    """

    customers: IntArray
    moments: IntArray
    pair: IntArray
    week: IntArray
    outcome: IntArray
    drawn: float


def periods(
    life: LifeEvents,
    customers: IntArray,
    moments: IntArray,
    end: int,
    weeks: int,
    most: int,
    rng: np.random.Generator,
) -> Periods:
    """The weeks of pairs, until the first life event, the end of the data, or the last week.

    Every week with an event is kept. Of the others at most so many are drawn, which
    `drawn` makes up for (King and Zeng, 2001); memory then depends on that number alone.

    Args:
        life: events before `end`.
        customers: [M] row numbers.
        moments: [M] UTC microseconds.
        end: UTC microseconds; a week that ends later is not used.
        weeks: most of a pair.
        most: periods without an event.
        rng: source of randomness.
    """
    happens, kind = next_event(life, customers, moments)
    whole = np.minimum((end - moments) // WEEK, weeks)
    week = np.where(happens < end, (happens - moments) // WEEK, weeks)
    ends = np.flatnonzero(week < whole)
    quiet = np.minimum(week, whole)
    total = int(quiet.sum())
    drawn = np.arange(total)
    if total > most:
        drawn = np.sort(rng.choice(total, most, replace=False, shuffle=False))
    behind = np.cumsum(quiet)
    pair = np.searchsorted(behind, drawn, side="right")
    used, place = np.unique(np.concatenate([pair, ends]), return_inverse=True)
    return Periods(
        customers=customers[used],
        moments=moments[used],
        pair=place,
        week=np.concatenate([drawn - (behind - quiet)[pair], week[ends]]),
        outcome=np.concatenate([np.full(len(drawn), NONE), kind[ends] + 1]),
        drawn=len(drawn) / max(total, 1),
    )


def next_event(
    life: LifeEvents, customers: IntArray, moments: IntArray
) -> tuple[IntArray, IntArray]:
    """When [n] the first life event at or after each moment is recorded, and its kind [n].

    Without one a moment far behind all others, and -1.
    """
    order = np.lexsort((life.when, life.customers))
    owner, when = life.customers[order], life.when[order]
    _, moment = np.unique(np.concatenate([when, moments]), return_inverse=True)
    stride = int(moment.max(initial=0)) + 1
    codes = owner * stride + moment[: len(when)]
    place = np.searchsorted(codes, customers * stride + moment[len(when) :])
    is_own = np.append(owner, -1)[place] == customers
    far = np.iinfo(np.int64).max // 2
    return (
        np.where(is_own, np.append(when, far)[place], far),
        np.where(is_own, np.append(life.kinds[order], -1)[place], -1),
    )
