"""The events of sessions and decisions, which become the rows of `interactions`."""

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
# Probabilities of the actions of `HABIT_ACTIONS` by stage of the session: KNOW, CONSIDER, BUY (set
# apart below), SERVICE.
HABITS = np.array([[0.78, 0.22, 0, 0], [0.45, 0.35, 0.20, 0], [1, 0, 0, 0], [0.3, 0.15, 0, 0.55]])
HABIT_ACTIONS = np.array([VIEW, CLICK, CART, CONTACT])
OUTCOME_ACTIONS = np.array([ACCEPT, REJECT, IGNORE])
TYPICAL_SECONDS = np.array([40.0, 25.0, 60.0, 90.0, 180.0, 20.0, 3.0, 300.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Events:
    """Arrays [E] over the events of a chunk.

    Attributes:
        customer, touchpoint: row numbers; product: row number, -1 for none.
        action: position in `columns.ACTIONS`; intent: position in `names.INTENTS`.
        second: market seconds; duration: seconds; value: euros, NaN for none.
        session: number within the chunk.
        alias: 0 or 1, the alias under which the session was seen; -1 for the customer id.
    """

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
        """Sorted by time; events of the same second keep their order."""
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
    """All events of a chunk in order of time.

    Args:
        world: products.
        people: customers of the chunk.
        purposes: their purposes.
        offers: all offers.
        sessions: [n] sessions that customers start.
        pace: the times of their events.
        alias: [n] the alias under which each session was seen, -1 for the customer id.
        decisions: the offers that were made.
        rng: source of randomness.
    """
    session = pace.session
    product = _products(world, people, purposes, sessions, session, rng)
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
            [sessions.customer[session], decisions.customer, decisions.customer[called]]
        ),
        product=products,
        touchpoint=np.concatenate(
            [sessions.touchpoint[session], decisions.touchpoint, decisions.touchpoint[called]]
        ),
        action=action,
        second=np.concatenate([pace.second, decisions.second, decisions.second[called] - 60]),
        value=np.where(paid, world.price[products], np.nan),
        duration=np.round(TYPICAL_SECONDS[action] * rng.lognormal(0, 0.7, len(action)), 1),
        session=np.concatenate([session, decided, decided[called]]),
        intent=np.concatenate([sessions.intent[session], riding, riding[called]]),
        alias=np.concatenate([alias[session], np.full(len(decided) + len(called), -1)]),
    ).in_order()


def _products(
    world: World,
    people: People,
    purposes: Purposes,
    sessions: Sessions,
    session: IntArray,
    rng: np.random.Generator,
) -> IntArray:
    """[E] the product of each event; all events of a purchase session are about what is bought."""
    product = np.full(len(session), -1)
    buying = sessions.stage[session] == BUY
    product[buying] = purposes.bought[sessions.purpose[session[buying]]]
    looking = (sessions.stage[session] != SERVICE) & ~buying
    browsing = session[looking]
    purpose = sessions.purpose[browsing]
    category = purposes.category[purpose]
    chances = choice_chances(
        world,
        people,
        rows=sessions.customer[browsing],
        categories=category,
        focus=purposes.focus[purpose],
        side=world.touchpoint_side[sessions.touchpoint[browsing]],
        seconds=sessions.second[browsing],
    )
    product[looking] = category * IN_CATEGORY + draw(chances, rng)
    return product


def _actions(sessions: Sessions, pace: Pace, rng: np.random.Generator) -> IntArray:
    stage = sessions.stage[pace.session]
    action = HABIT_ACTIONS[draw(HABITS[stage], rng)]
    buying = stage == BUY
    # A product is viewed and put into the cart before it is bought.
    before = np.where(pace.number == 0, VIEW, CART)
    action[buying] = np.where(pace.is_last, PURCHASE, before)[buying]
    action[(stage == SERVICE) & STAFFED[sessions.touchpoint[pace.session]]] = CONTACT
    return action
