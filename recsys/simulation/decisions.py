"""The logged policy: which offer was made to whom, with which probability, and its outcome.

Where and when an offer is made does not depend on the policy: it is shown at the end of a session
that the customer starts, or the firm contacts a customer who consents. The policy chooses among the
running offers that the touchpoint allows. `segment` prefers what suits a life stage and pays;
`explore` draws uniformly. Which of the two decides is drawn at random; the propensity is that of
the logged policy.
"""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.choice import draw, softmax
from recsys.simulation.names import TOUCHPOINT_NAMES, TOUCHPOINTS
from recsys.simulation.offers import Offers, running
from recsys.simulation.people import OFFSETS, People
from recsys.simulation.purposes import Purposes
from recsys.simulation.sessions import Sessions
from recsys.simulation.truth import acceptance
from recsys.simulation.world import IN_CATEGORY, World

EXPLORES = 0.25
POLICIES = ("segment", "explore")
# Probability that an offer is shown at the end of a session there.
SHOWN_IN_SESSION = {"app": 0.1, "web": 0.1, "branch": 0.15, "call_center": 0.0}
# Contacts a year that the firm starts, where there is consent.
CONTACTS_A_YEAR = {"email": 1.6, "push": 1.2, "call_center": 0.5}
SECONDS_AFTER = 45
# Local hours in which the firm writes and calls.
CONTACT_HOURS = (9, 19)
ACCEPTED, REJECTED, IGNORED = range(3)
REFUSAL = np.array([touchpoint.refusal for touchpoint in TOUCHPOINTS])
SHOWN = np.array([SHOWN_IN_SESSION.get(name, 0.0) for name in TOUCHPOINT_NAMES])
CONTACTS = np.array([CONTACTS_A_YEAR.get(name, 0.0) for name in TOUCHPOINT_NAMES])


@dataclass(frozen=True, kw_only=True, eq=False)
class Decisions:
    """Arrays [D] over the decisions of a chunk.

    Attributes:
        customer, offer, touchpoint: row numbers; second: market seconds.
        explore: which policy decided; propensity: its exact probability of this offer.
        outcome: position in `columns.OUTCOMES`; reward: euros.
        session: number within the chunk; outbound: whether the firm started the contact.
    """

    customer: IntArray
    offer: IntArray
    touchpoint: IntArray
    second: IntArray
    explore: BoolArray
    propensity: FloatArray
    outcome: IntArray
    reward: FloatArray
    session: IntArray
    outbound: BoolArray


def propensities(
    world: World,
    offers: Offers,
    *,
    stage: IntArray,
    touchpoint: IntArray,
    second: IntArray,
    explore: BoolArray,
) -> FloatArray:
    """[n, 40] probability of each offer of the month; 0 where the touchpoint does not allow it.

    Args:
        world: products.
        offers: all offers.
        stage: [n] life stages of the customers.
        touchpoint: [n] where the offer is to be made.
        second: [n] market seconds.
        explore: [n] whether the policy `explore` decides.
    """
    candidates = running(second)
    product = offers.product[candidates]
    tied = offers.touchpoint[candidates]
    allowed = (tied < 0) | (tied == touchpoint[:, None])
    suits = world.stage_lift[stage[:, None], product // IN_CATEGORY]
    pays = 0.2 * np.log(offers.reward[candidates])
    score = 0.8 * world.appeal[product] + suits + pays
    return softmax(np.where(allowed, np.where(explore[:, None], 0.0, score), -np.inf))


def decisions(
    world: World,
    people: People,
    purposes: Purposes,
    offers: Offers,
    sessions: Sessions,
    ends: IntArray,
    rng: np.random.Generator,
) -> Decisions:
    """Draws the decisions of a year and the responses of customers.

    Args:
        world: products.
        people: customers of the chunk.
        purposes: their purposes.
        offers: all offers.
        sessions: [n] sessions that customers start.
        ends: [n] market seconds of their last events.
        rng: source of randomness.
    """
    rides = np.flatnonzero(rng.random(len(sessions)) < SHOWN[sessions.touchpoint])
    contacted, contact_touchpoint, contact_second = contacts(people, rng)
    rows = np.concatenate([sessions.customer[rides], contacted])
    touchpoint = np.concatenate([sessions.touchpoint[rides], contact_touchpoint])
    second = np.concatenate([ends[rides] + SECONDS_AFTER, contact_second])
    explore = rng.random(len(rows)) < EXPLORES
    chances = propensities(
        world,
        offers,
        stage=people.stage[rows],
        touchpoint=touchpoint,
        second=second,
        explore=explore,
    )
    chosen = draw(chances, rng)
    taken = (np.arange(len(rows)), chosen)
    offer = running(second)[taken]
    accepts = rng.random(len(rows)) < acceptance(
        world,
        people,
        purposes,
        offers,
        rows=rows,
        offer=offer,
        touchpoint=touchpoint,
        second=second,
    )
    refuses = rng.random(len(rows)) < REFUSAL[touchpoint]
    return Decisions(
        customer=rows,
        offer=offer,
        touchpoint=touchpoint,
        second=second,
        explore=explore,
        propensity=chances[taken],
        outcome=np.where(accepts, ACCEPTED, np.where(refuses, REJECTED, IGNORED)),
        reward=np.where(accepts, offers.reward[offer], 0.0),
        session=np.concatenate([rides, len(sessions) + np.arange(len(contacted))]),
        outbound=np.arange(len(rows)) >= len(rides),
    )


def contacts(
    people: People, rng: np.random.Generator, times: float = 1.0
) -> tuple[IntArray, IntArray, IntArray]:
    """Customers, touchpoints and market seconds [n] of the contacts that the firm starts.

    Args:
        people: customers of the chunk.
        rng: source of randomness.
        times: how many times as many as `CONTACTS_A_YEAR`.
    """
    share = 1 - people.joins / calendar.DAYS
    count = rng.poisson(times * CONTACTS * people.consent * share[:, None])
    rows = np.repeat(np.arange(len(people)), count.sum(axis=1))
    touchpoint = np.repeat(np.tile(np.arange(len(TOUCHPOINTS)), len(people)), count.ravel())
    day = np.floor(rng.uniform(people.joins[rows], calendar.DAYS))
    hour = rng.uniform(*CONTACT_HOURS, len(rows)) - OFFSETS[people.zone[rows]]
    return rows, touchpoint, (day * calendar.DAY + hour * 3_600).astype(np.int64)
