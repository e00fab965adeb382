"""How much of past behaviour concerns the products that an offer covers."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import IntArray
from recsys.models.acceptance.behaviour import CustomerEvents
from recsys.models.acceptance.features import Features, from_columns
from recsys.models.acceptance.sends import Sends
from recsys.ops.csr import expand_ranges
from recsys.ops.temporal_counts import EventHistory

_FLOOR = 0.01
"""Prior share of an offer that nobody bought from yet; keeps the logarithm finite."""

_STRANGERS = 100
"""Customers added to those who ever bought, so that an offer never reaches all of them."""


def affinity_features(
    sends: Sends, name: str, events: CustomerEvents, covers: csr_array, prior: float = 5.0
) -> Features:
    """How much of the events before each send the offer covers, of the customer and of all.

    The column "send.<name>_share" is log((covered + 0.01 prior) / (events + prior)) over the
    customer's events. The column "offer.<name>_reach" is log((customers with a covered event + 1) /
    (customers with any event + 100)).

    Args:
        sends: [S] sends to describe.
        name: names the columns after what is covered, for example "product" or "category".
        events: [E] events with items.
        covers: [O, I] sparse, non-zero where the offer covers the item.
        prior: weight, in events, of the assumption that nothing covered was bought.

    Returns:
        [S, 2] features.

    Raises:
        ValueError: the events have no items.
    """
    if events.items is None:
        raise ValueError(f"affinity {name}: expected events with items")
    row, offers = _covered(events.items, covers)
    customers, when = events.customers[row].astype(np.int64), events.when[row]
    offer_count = covers.shape[0]
    pairs = customers * offer_count + offers
    keys = sends.customers * offer_count + sends.offers
    covered = EventHistory(pairs, when).count(keys, sends.when)
    events_before = EventHistory(events.customers, events.when).count(sends.customers, sends.when)
    first = _first(pairs, when)
    reached = EventHistory(offers[first], when[first]).count(sends.offers, sends.when)
    starts = events.when[_first(events.customers, events.when)]
    all_customers = EventHistory(np.zeros(len(starts), np.int64), starts)
    active = all_customers.count(np.zeros(len(sends), np.int64), sends.when)
    return from_columns(
        {
            f"send.{name}_share": np.log((covered + _FLOOR * prior) / (events_before + prior)),
            f"offer.{name}_reach": np.log((reached + 1) / (active + _STRANGERS)),
        }
    )


def _covered(items: IntArray, covers: csr_array) -> tuple[IntArray, IntArray]:
    """Pairs of an event and an offer that covers it: positions of events [N], and offers [N]."""
    by_item = covers.T.tocsr()
    known = np.flatnonzero(items >= 0)
    owners, entries = expand_ranges(by_item.indptr[items[known]], by_item.indptr[items[known] + 1])
    return known[owners], by_item.indices[entries]


def _first(keys: IntArray, when: IntArray) -> IntArray:
    """Positions of the first event of each key."""
    order = np.lexsort((when, keys))
    ordered = keys[order]
    first: IntArray = order[np.append(True, ordered[1:] != ordered[:-1])[: len(order)]]
    return first
