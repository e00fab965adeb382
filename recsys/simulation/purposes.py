"""The purposes of customers: strands of intent, how they begin and how they end."""

from dataclasses import dataclass, fields

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.choice import draw, softmax
from recsys.simulation.journeys import BUY, CONSIDER, KNOW, Visits, walk
from recsys.simulation.life import LifeCourses
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
    """Arrays [S] over the purposes of a chunk; `visits.purpose` refers to their rows.

    Attributes:
        customer, category: row numbers.
        focus: product that the purpose prefers from the start.
        begin, end: market seconds of the first and the last visit.
        settled_at: market seconds from which it is certain that the purpose will begin: for a
            renewal when its contract is bought, for all others when they begin.
        bought: product that was bought at the end, -1 if it ended in silence.
        visits: all visits of all purposes.
    """

    customer: IntArray
    category: IntArray
    focus: IntArray
    begin: IntArray
    end: IntArray
    settled_at: IntArray
    bought: IntArray
    visits: Visits

    def __len__(self) -> int:
        return len(self.customer)

    def of_customers(self, rows: IntArray, count: int) -> tuple[IntArray, IntArray]:
        """Pairs of position in `rows` and purpose, for all purposes of these customers.

        Args:
            rows: [n] customers.
            count: number of customers of the chunk.

        Returns:
            Positions [M] and purposes [M].
        """
        order = np.argsort(self.customer, kind="stable")
        sizes = np.bincount(self.customer, minlength=count)
        starts = np.cumsum(sizes) - sizes
        repeats = sizes[rows]
        position = np.repeat(np.arange(len(rows)), repeats)
        nth = np.arange(len(position)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        return position, order[starts[rows][position] + nth]


def purposes(
    world: World, people: People, rng: np.random.Generator, life: LifeCourses | None = None
) -> Purposes:
    """Draws the purposes of a year: spontaneous, around life events, and renewals of purchases.

    Args:
        world: products.
        people: customers of the chunk.
        rng: source of randomness.
        life: their life courses, if life events can be predicted.
    """
    generations = [
        _begin(world, people, *_spontaneous(people, rng), rng),
        _begin(world, people, *_from_life_events(world, people, rng), rng),
    ]
    if life is not None:
        generations.append(
            _begin(world, people, *_from_preparations(world, people, life, rng), rng)
        )
    renewed = _concatenate(generations)
    # A year is too short for a third renewal.
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


def _from_preparations(
    world: World, people: People, life: LifeCourses, rng: np.random.Generator
) -> tuple[IntArray, IntArray, FloatArray]:
    customer = life.look_customer
    lift = world.life_lift[life.kind[customer]]
    return customer, draw(softmax(people.leaning[customer] + lift), rng), life.look_day


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
        settled_at=parents.end[chosen],
    )


def _begin(
    world: World,
    people: People,
    customer: IntArray,
    category: IntArray,
    days: FloatArray,
    rng: np.random.Generator,
    focus: IntArray | None = None,
    settled_at: IntArray | None = None,
) -> Purposes:
    """Draws the visits of purposes; without a focus (only renewals have it) the first sets it."""
    stage = np.full(len(customer), KNOW if focus is None else CONSIDER)
    visits = walk(people, customer, days, stage, rng)
    is_first, is_last = visits.first(), visits.last()
    if focus is None:
        focus = _pick(
            world, people, customer, category, np.full_like(customer, -1), visits, is_first, rng
        )
    buys = is_last & (visits.stage == BUY)
    bought = np.full(len(customer), -1)
    bought[visits.purpose[buys]] = _pick(
        world, people, customer, category, focus, visits, buys, rng
    )
    return Purposes(
        customer=customer,
        category=category,
        focus=focus,
        begin=visits.second[is_first],
        end=visits.second[is_last],
        settled_at=visits.second[is_first] if settled_at is None else settled_at,
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
    """Products chosen at the visits of a mask [V]."""
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
