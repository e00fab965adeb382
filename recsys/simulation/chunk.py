"""Chunks: 5,000 customers generated from a seed of their own, for markets of any size."""

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache

import numpy as np

from recsys.simulation.decisions import Decisions, decisions
from recsys.simulation.events import Events, events
from recsys.simulation.identities import Aliases, aliases
from recsys.simulation.life import LifeCourses, life_courses
from recsys.simulation.offers import Offers, offers
from recsys.simulation.people import People, people
from recsys.simulation.purposes import Purposes, purposes
from recsys.simulation.sessions import Sessions, pace, sessions
from recsys.simulation.world import World, world

CUSTOMERS = 5_000


class Stage(IntEnum):
    """The random streams of a chunk: what is drawn from one changes nothing in the others."""

    PEOPLE = 0
    PURPOSES = 1
    ALIASES = 2
    EVENTS = 3
    CONTACTS = 4
    RECORDS = 5
    LIFE = 7


@dataclass(frozen=True, kw_only=True, eq=False)
class Latent:
    """The truth of a chunk, from which its events are drawn.

    `life` is None in version 1, whose life events nothing predicts.
    """

    world: World
    offers: Offers
    people: People
    purposes: Purposes
    life: LifeCourses | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """What the firm records of a chunk in a year."""

    people: People
    aliases: Aliases
    events: Events
    decisions: Decisions
    life: LifeCourses | None


# About 4 MB each. Queries are in shuffled order, so all chunks of up to 25 million events are kept.
@lru_cache(maxsize=256)
def latent(seed: int, number: int, version: int = 1) -> Latent:
    """The truth of chunk `number`, cached."""
    return draw_latent(seed, number, version)


def draw_latent(seed: int, number: int, version: int = 1) -> Latent:
    """The truth of chunk `number`, not cached, so that writing a large market needs no memory."""
    market = world(seed)
    customers = people(market, CUSTOMERS, generator(seed, number, Stage.PEOPLE))
    life = None
    if version > 1:
        life = life_courses(customers, generator(seed, number, Stage.LIFE))
        customers = replace(
            customers,
            life_event=np.where(life.happens & (life.ends >= 0), life.kind, -1),
            life_day=life.ends,
        )
    return Latent(
        world=market,
        offers=offers(seed),
        people=customers,
        purposes=purposes(market, customers, generator(seed, number, Stage.PURPOSES), life),
        life=life,
    )


def record(seed: int, number: int, version: int = 1) -> Chunk:
    """Draws the year of chunk `number`: sessions, decisions and events."""
    true = draw_latent(seed, number, version)
    identities = aliases(CUSTOMERS, generator(seed, number, Stage.ALIASES))
    visits, rng = draw_sessions(true, seed, number)
    steps = pace(visits, rng)
    made = decisions(
        true.world,
        true.people,
        true.purposes,
        true.offers,
        visits,
        steps.second[steps.is_last],
        rng,
    )
    alias = identities.of_sessions(visits.customer, rng)
    # An offer in a session is made to a customer whom the firm recognised.
    alias[made.session[~made.outbound]] = -1
    happened = events(
        true.world, true.people, true.purposes, true.offers, visits, steps, alias, made, rng
    )
    return Chunk(
        people=true.people, aliases=identities, events=happened, decisions=made, life=true.life
    )


def draw_sessions(true: Latent, seed: int, number: int) -> tuple[Sessions, np.random.Generator]:
    """The sessions of chunk `number`, and the stream from which its events follow them."""
    rng = generator(seed, number, Stage.EVENTS)
    return sessions(true.people, true.purposes, rng, true.life), rng


def generator(seed: int, number: int, stage: Stage) -> np.random.Generator:
    """A random stream per stage of a chunk, so that the truth can be drawn without the record."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, number, int(stage))))
