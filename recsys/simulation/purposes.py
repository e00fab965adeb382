"""The strands of intent of each customer: where they come from and where they stand."""

from dataclasses import dataclass, fields

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.choice import draw, softmax
from recsys.simulation.journeys import BUY, CONSIDER, KNOW, Visits, walk
from recsys.simulation.people import People
from recsys.simulation.utility import choice_chances
from recsys.simulation.world import IN_CATEGORY, World

PURPOSES_A_YEAR = 2.85
PURPOSES_A_LIFE_EVENT = 1.5
LIFE_EVENT_DAYS = 45.0
RENEWS = 0.25
RENEWAL_SHAPE = 4.0
RENEWAL_DAYS = 75.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Purposes:
    """Arrays [S]; `visits` refers to their rows.

    Attributes:
        customer, category: row numbers.
        focus: product it is set on from the start.
        begin, end: market seconds of the first and the last visit.
        known: market seconds from which the purpose is settled: a renewal when its contract is
            bought, all others when they begin.
        bought: product it ended with, -1 if it ended in silence.
        visits: all visits of all purposes.
    """

    customer: IntArray
    category: IntArray
    focus: IntArray
    begin: IntArray
    end: IntArray
    known: IntArray
    bought: IntArray
    visits: Visits

    def __len__(self) -> int:
        return len(self.customer)

    def of_customers(self, rows: IntArray, count: int) -> tuple[IntArray, IntArray]:
        """Pairs (position in `rows`, purpose) of all purposes of those customers, [M] each.

        Args:
            rows: [n] customers.
            count: how many customers the chunk has.
        """
        order = np.argsort(self.customer, kind="stable")
        sizes = np.bincount(self.customer, minlength=count)
        starts = np.cumsum(sizes) - sizes
        repeats = sizes[rows]
        asked = np.repeat(np.arange(len(rows)), repeats)
        nth = np.arange(len(asked)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        return asked, order[starts[rows][asked] + nth]


def purposes(world: World, people: People, rng: np.random.Generator) -> Purposes:
    """Purposes that arise by themselves, from life events, and by renewal of what was bought."""
    generations = [
        _begin(world, people, *_spontaneous(people, rng), rng),
        _begin(world, people, *_from_life_events(world, people, rng), rng),
    ]
    renewed = _concatenate(generations)
    # A year has no room for a third renewal.
    for _ in range(2):
        renewed = _renew(world, people, renewed, rng)
        generations.append(renewed)
    return _concatenate(generations)


def _spontaneous(people: People, rng: np.random.Generator) -> tuple[IntArray, IntArray, FloatArray]:
    mean = PURPOSES_A_YEAR * people.activity * (1 - people.joins / calendar.DAYS)
    customer = np.repeat(np.arange(len(people)), rng.poisson(mean))
    category = draw(softmax(people.leaning[customer]), rng)
    return customer, category, rng.uniform(people.joins[customer], calendar.DAYS)


def _from_life_events(
    world: World, people: People, rng: np.random.Generator
) -> tuple[IntArray, IntArray, FloatArray]:
    with_event = people.life_event >= 0
    count = rng.poisson(PURPOSES_A_LIFE_EVENT, len(people)) * with_event
    customer = np.repeat(np.arange(len(people)), count)
    lift = world.life_lift[people.life_event[customer]]
    category = draw(softmax(people.leaning[customer] + lift), rng)
    days = people.life_day[customer] + rng.exponential(LIFE_EVENT_DAYS, len(customer))
    in_time = (days < calendar.DAYS) & (days >= people.joins[customer])
    return customer[in_time], category[in_time], days[in_time]


def _renew(world: World, people: People, parents: Purposes, rng: np.random.Generator) -> Purposes:
    comes_back = (parents.bought >= 0) & (rng.random(len(parents)) < RENEWS)
    due = parents.end / calendar.DAY + 1
    due = due + rng.gamma(RENEWAL_SHAPE, RENEWAL_DAYS / RENEWAL_SHAPE, len(parents))
    chosen = np.flatnonzero(comes_back & (due < calendar.DAYS))
    return _begin(
        world,
        people,
        parents.customer[chosen],
        parents.category[chosen],
        due[chosen],
        rng,
        focus=parents.bought[chosen],
        known=parents.end[chosen],
    )


def _begin(
    world: World,
    people: People,
    customer: IntArray,
    category: IntArray,
    days: FloatArray,
    rng: np.random.Generator,
    focus: IntArray | None = None,
    known: IntArray | None = None,
) -> Purposes:
    """Lets purposes run; without a focus (renewals have one) they set it on their first visit."""
    stage = np.full(len(customer), KNOW if focus is None else CONSIDER)
    visits = walk(people, customer, days, stage, rng)
    first, last = visits.first(), visits.last()
    if focus is None:
        focus = _pick(
            world, people, customer, category, np.full_like(customer, -1), visits, first, rng
        )
    buys = last & (visits.stage == BUY)
    bought = np.full(len(customer), -1)
    bought[visits.purpose[buys]] = _pick(
        world, people, customer, category, focus, visits, buys, rng
    )
    return Purposes(
        customer=customer,
        category=category,
        focus=focus,
        begin=visits.second[first],
        end=visits.second[last],
        known=visits.second[first] if known is None else known,
        bought=bought,
        visits=visits,
    )


def _pick(
    world: World,
    people: People,
    customer: IntArray,
    category: IntArray,
    focus: IntArray,
    visits: Visits,
    mask: BoolArray,
    rng: np.random.Generator,
) -> IntArray:
    """Products chosen at the visits that the mask [V] keeps."""
    purpose = visits.purpose[mask]
    chances = choice_chances(
        world,
        people,
        rows=customer[purpose],
        categories=category[purpose],
        focus=focus[purpose],
        side=world.touchpoint_side[visits.touchpoint[mask]],
        seconds=visits.second[mask],
    )
    return category[purpose] * IN_CATEGORY + draw(chances, rng)


def _concatenate(generations: list[Purposes]) -> Purposes:
    offsets = np.cumsum([0] + [len(part) for part in generations])
    visits = Visits(
        purpose=np.concatenate(
            [
                part.visits.purpose + offset
                for part, offset in zip(generations, offsets, strict=False)
            ]
        ),
        **{
            name: np.concatenate([getattr(part.visits, name) for part in generations])
            for name in ("stage", "second", "touchpoint")
        },
    )
    arrays = {
        field.name: np.concatenate([getattr(part, field.name) for part in generations])
        for field in fields(Purposes)
        if field.name != "visits"
    }
    return Purposes(**arrays, visits=visits)
