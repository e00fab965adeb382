"""The utility of products for customers, shared by views, purchases and accepted offers.

utility(c, p, k, t) = leaning(c, category of p) + taste(c) . traits(p) + popularity(p, t)
                      + three-way(c, p, k) + purpose(c, p, t) + contact(c, k, t) + message

of customer c, product p, touchpoint k and time t. The last two terms do not differ between products
and only affect acceptance (contact: touchpoint and hour), see `recsys.simulation.truth`.
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.simulation.calendar import to_days
from recsys.simulation.choice import softmax
from recsys.simulation.people import People
from recsys.simulation.world import IN_CATEGORY, World

SIDE_SPREAD = 0.3
FOCUS_LIFT = 1.0


def liking(
    world: World, people: People, rows: IntArray, products: IntArray, side: FloatArray
) -> FloatArray:
    """Taste and three-way term, log odds [n, m].

    Args:
        world: products.
        people: customers of the chunk.
        rows: [n] customers.
        products: [n, m] products.
        side: [n, r] `touchpoint_side` of the touchpoints.
    """
    # One inner product of concatenated vectors gives both terms; most of the time is spent here.
    wants = np.hstack([people.taste[rows], SIDE_SPREAD * people.side[rows] * side])
    has = np.hstack([world.traits, world.product_side])
    return np.asarray((has[products] @ wants[:, :, None])[:, :, 0])


def shelf(categories: IntArray) -> IntArray:
    """[n, 50] products of the categories [n]."""
    return np.asarray(categories[:, None] * IN_CATEGORY + np.arange(IN_CATEGORY))


def choice_chances(
    world: World,
    people: People,
    *,
    rows: IntArray,
    categories: IntArray,
    focus: IntArray,
    side: FloatArray,
    seconds: IntArray,
) -> FloatArray:
    """Probability [n, 50] that a customer who looks at a category chooses each of its products.

    Args:
        world: products.
        people: customers of the chunk.
        rows: [n] customers.
        categories: [n] categories.
        focus: [n] product that the purpose prefers, -1 for none.
        side: [n, r] `touchpoint_side` of the touchpoints.
        seconds: [n] market seconds; only products on sale then are chosen.
    """
    products = shelf(categories)
    logits = _liking_on_shelf(world, people, rows, categories, side)
    logits += world.popularity(products, to_days(seconds)[:, None])
    logits += world.on_sale(products, seconds[:, None])
    logits += FOCUS_LIFT * (products == focus[:, None])
    return softmax(logits)


def _liking_on_shelf(
    world: World, people: People, rows: IntArray, categories: IntArray, side: FloatArray
) -> FloatArray:
    wants = np.hstack([people.taste[rows], SIDE_SPREAD * people.side[rows] * side])
    has = np.hstack([world.traits, world.product_side]).reshape(-1, IN_CATEGORY, wants.shape[1])
    logits = np.empty((len(rows), IN_CATEGORY))
    # A matrix product per category is much faster than gathering the traits of every row.
    for category, traits in enumerate(has):
        in_category = categories == category
        logits[in_category] = wants[in_category] @ traits.T
    return logits
