"""The unit of generation: 5,000 customers from their own seed, whatever the size of the market."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recsys.simulation.decisions import Decisions, decisions
from recsys.simulation.events import Events, events
from recsys.simulation.identities import Aliases, aliases
from recsys.simulation.offers import Offers, offers
from recsys.simulation.people import People, people
from recsys.simulation.purposes import Purposes, purposes
from recsys.simulation.sessions import pace, sessions
from recsys.simulation.world import World, world

CUSTOMERS = 5_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Latent:
    """What is true of a chunk, whether or not it left a trace."""

    world: World
    offers: Offers
    people: People
    purposes: Purposes


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """What the firm records of a chunk."""

    people: People
    aliases: Aliases
    events: Events
    decisions: Decisions


# Some 4 MB each. Queries come in shuffled order, so up to 25 million events all chunks stay.
@lru_cache(maxsize=256)
def latent(seed: int, number: int) -> Latent:
    """The truth of chunk `number`, kept for the next question about it."""
    return draw_latent(seed, number)


def draw_latent(seed: int, number: int) -> Latent:
    """The truth of chunk `number`, drawn anew from the seed: writing must not fill the memory."""
    market = world(seed)
    whole = people(market, CUSTOMERS, _generator(seed, number, 0))
    return Latent(
        world=market,
        offers=offers(seed),
        people=whole,
        purposes=purposes(market, whole, _generator(seed, number, 1)),
    )


def record(seed: int, number: int) -> Chunk:
    """Lets the year of chunk `number` happen."""
    true = draw_latent(seed, number)
    known = aliases(CUSTOMERS, _generator(seed, number, 2))
    rng = _generator(seed, number, 3)
    own = sessions(true.people, true.purposes, rng)
    steps = pace(own, rng)
    made = decisions(
        true.world,
        true.people,
        true.purposes,
        true.offers,
        own,
        steps.second[steps.is_last],
        rng,
    )
    alias = known.of_sessions(own.customer, rng)
    # An offer in a session is made to a person the firm recognised.
    alias[made.session[~made.outbound]] = -1
    happened = events(
        true.world, true.people, true.purposes, true.offers, own, steps, alias, made, rng
    )
    return Chunk(people=true.people, aliases=known, events=happened, decisions=made)


def _generator(seed: int, number: int, stage: int) -> np.random.Generator:
    """One stream a stage: the truth can be drawn again without the record."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, number, stage)))
