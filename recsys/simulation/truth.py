"""The true probability that a customer accepts an offer at a touchpoint and a time."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.simulation.calendar import to_days
from recsys.simulation.choice import sigmoid
from recsys.simulation.names import TOUCHPOINTS
from recsys.simulation.offers import Offers
from recsys.simulation.people import DAYPART_HOURS, People
from recsys.simulation.purposes import Purposes
from recsys.simulation.utility import FOCUS_LIFT, liking
from recsys.simulation.world import IN_CATEGORY, World

THRESHOLD = 5.0
PURPOSE_LIFT = 1.5
PREFERENCE_WEIGHT = 0.4
DAYPART_LIFT = 0.4
WELCOME = np.array([touchpoint.welcome for touchpoint in TOUCHPOINTS])


def acceptance(
    world: World,
    people: People,
    purposes: Purposes,
    offers: Offers,
    *,
    rows: IntArray,
    offer: IntArray,
    touchpoint: IntArray,
    second: IntArray,
) -> FloatArray:
    """P(accept | made), float64 [n]; the log odds are the utility of `recsys.simulation.utility`.

    Args:
        world: products.
        people: customers of the chunk.
        purposes: their purposes.
        offers: all offers.
        rows: [n] customers.
        offer: [n] offers.
        touchpoint: [n] touchpoints.
        second: [n] market seconds.
    """
    product = offers.product[offer]
    calm = calm_utility(world, people, offers, rows, offer[:, None], touchpoint, second)[:, 0]
    lift = purpose_lift(people, purposes, rows, product, second)
    liked = people.local_hour(rows, second) // DAYPART_HOURS == people.daypart[rows]
    return sigmoid(calm + lift + DAYPART_LIFT * liked - THRESHOLD)


def calm_utility(
    world: World,
    people: People,
    offers: Offers,
    rows: IntArray,
    offer: IntArray,
    touchpoint: IntArray,
    second: IntArray,
) -> FloatArray:
    """Utility in log odds of offers [n, m] without purposes and daypart.

    Args:
        world: products.
        people: customers of the chunk.
        offers: all offers.
        rows: [n] customers.
        offer: [n, m] offers.
        touchpoint: [n] touchpoints.
        second: [n] market seconds.

    Returns:
        [n, m] float64.
    """
    product = offers.product[offer]
    side = world.touchpoint_side[touchpoint]
    welcome = WELCOME[touchpoint] + PREFERENCE_WEIGHT * people.preference[rows, touchpoint]
    return np.asarray(
        liking(world, people, rows, product, side)
        + people.leaning[rows[:, None], product // IN_CATEGORY]
        + world.popularity(product, to_days(second)[:, None])
        + world.on_sale(product, second[:, None])
        + offers.lift[offer]
        + welcome[:, None]
    )


def purpose_lift(
    people: People, purposes: Purposes, rows: IntArray, product: IntArray, second: IntArray
) -> FloatArray:
    """[n] what running purposes of customers [n] add to the log odds; the strongest counts."""
    position, purpose = purposes.of_customers(rows, len(people))
    now = second[position]
    running = (purposes.begin[purpose] <= now) & (now <= purposes.end[purpose])
    fits = running & (purposes.category[purpose] == product[position] // IN_CATEGORY)
    position, purpose = position[fits], purpose[fits]
    strength = PURPOSE_LIFT + FOCUS_LIFT * (purposes.focus[purpose] == product[position])
    lift = np.zeros(len(rows))
    np.maximum.at(lift, position, strength)
    return lift
