"""From sessions and decisions to single events, the rows of `interactions`."""

from dataclasses import dataclass, fields

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.simulation.choice import draw
from recsys.simulation.decisions import Decisions
from recsys.simulation.journeys import BUY, SERVICE
from recsys.simulation.names import CALL_CENTER
from recsys.simulation.offers import Offers
from recsys.simulation.people import STAFFED, People
from recsys.simulation.purposes import Purposes
from recsys.simulation.sessions import BUY_INTENT, Pace, Sessions
from recsys.simulation.utility import choice_chances
from recsys.simulation.world import IN_CATEGORY, World

VIEW, CLICK, CART, ACCEPT, PURCHASE, REJECT, IGNORE, CONTACT = range(len(columns.ACTIONS))
# How often each action is taken while getting to know, while considering, and on an errand.
HABITS = np.array([[0.78, 0.22, 0, 0], [0.45, 0.35, 0.20, 0], [1, 0, 0, 0], [0.3, 0.15, 0, 0.55]])
HABIT_ACTIONS = np.array([VIEW, CLICK, CART, CONTACT])
OUTCOME_ACTIONS = np.array([ACCEPT, REJECT, IGNORE])
TYPICAL_SECONDS = np.array([40.0, 25.0, 60.0, 90.0, 180.0, 20.0, 3.0, 300.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Events:
    """Arrays [E]: row numbers, codes, and market seconds; product and alias are -1 for none."""

    customer: IntArray
    product: IntArray
    touchpoint: IntArray
    action: IntArray
    second: IntArray
    value: FloatArray
    duration: FloatArray
    session: IntArray
    intent: IntArray
    alias: IntArray

    def in_order(self) -> "Events":
        """By time; those of one moment as they were made."""
        order = np.argsort(self.second, kind="stable")
        return Events(**{field.name: getattr(self, field.name)[order] for field in fields(self)})


def events(
    world: World,
    people: People,
    purposes: Purposes,
    offers: Offers,
    sessions: Sessions,
    pace: Pace,
    alias: IntArray,
    decisions: Decisions,
    rng: np.random.Generator,
) -> Events:
    """All events of a chunk by time; `alias` [n] says under which identity sessions were seen."""
    own = pace.session
    product = _products(world, people, purposes, sessions, own, rng)
    decided = decisions.session
    called = np.flatnonzero(decisions.outbound & (decisions.touchpoint == CALL_CENTER))
    action = np.concatenate(
        [
            _actions(sessions, pace, rng),
            OUTCOME_ACTIONS[decisions.outcome],
            np.full(len(called), CONTACT),
        ]
    )
    products = np.concatenate([product, offers.product[decisions.offer], np.full(len(called), -1)])
    paid = (action == PURCHASE) | (action == ACCEPT)
    riding = np.where(
        decisions.outbound, BUY_INTENT, sessions.intent[decided * ~decisions.outbound]
    )
    return Events(
        customer=np.concatenate(
            [sessions.customer[own], decisions.customer, decisions.customer[called]]
        ),
        product=products,
        touchpoint=np.concatenate(
            [sessions.touchpoint[own], decisions.touchpoint, decisions.touchpoint[called]]
        ),
        action=action,
        second=np.concatenate([pace.second, decisions.second, decisions.second[called] - 60]),
        value=np.where(paid, world.price[products], np.nan),
        duration=np.round(TYPICAL_SECONDS[action] * rng.lognormal(0, 0.7, len(action)), 1),
        session=np.concatenate([own, decided, decided[called]]),
        intent=np.concatenate([sessions.intent[own], riding, riding[called]]),
        alias=np.concatenate([alias[own], np.full(len(decided) + len(called), -1)]),
    ).in_order()


def _products(
    world: World,
    people: People,
    purposes: Purposes,
    sessions: Sessions,
    own: IntArray,
    rng: np.random.Generator,
) -> IntArray:
    """[E] the product of each event; a purchase session is about what is bought."""
    product = np.full(len(own), -1)
    buying = sessions.stage[own] == BUY
    product[buying] = purposes.bought[sessions.purpose[own[buying]]]
    looking = (sessions.stage[own] != SERVICE) & ~buying
    seen = own[looking]
    purpose = sessions.purpose[seen]
    category = purposes.category[purpose]
    chances = choice_chances(
        world,
        people,
        rows=sessions.customer[seen],
        categories=category,
        focus=purposes.focus[purpose],
        side=world.touchpoint_side[sessions.touchpoint[seen]],
        seconds=sessions.second[seen],
    )
    product[looking] = category * IN_CATEGORY + draw(chances, rng)
    return product


def _actions(sessions: Sessions, pace: Pace, rng: np.random.Generator) -> IntArray:
    stage = sessions.stage[pace.session]
    action = HABIT_ACTIONS[draw(HABITS[stage], rng)]
    buying = stage == BUY
    # What is bought was put into the basket just before.
    action[buying] = np.where(pace.is_last, PURCHASE, np.where(pace.place == 0, VIEW, CART))[buying]
    action[(stage == SERVICE) & STAFFED[sessions.touchpoint[pace.session]]] = CONTACT
    return action
