"""What a customer's past has to do with the products that an offer covers."""

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import IntArray
from recsys.models.acceptance.behaviour import CustomerEvents
from recsys.models.acceptance.event_history import EventHistory
from recsys.models.acceptance.features import Features, named
from recsys.models.acceptance.sends import Sends

_FLOOR = 0.01
"""The share of an offer that nobody bought from yet: a logarithm needs one."""

_STRANGERS = 100
"""Customers added to those who ever bought, so that the reach of an offer is never all of them."""


def affinity(
    sends: Sends, name: str, events: CustomerEvents, covers: csr_array, prior: float = 5.0
) -> Features:
    """How much of a customer's events, and of everybody's, the offer covers, before each send.

    share = log((covered + 0.01 prior) / (events + prior)) of the customer;
    reach = log((customers with a covered event + 1) / (customers with any + 100)) of the offer.

    Args:
        sends: [S] what is asked.
        name: of what is covered, as "product" or "category".
        events: [E] with items.
        covers: [O, I] not 0 where the offer covers the item.
        prior: weight of having bought nothing covered, in events.

    Raises:
        ValueError: the events have no items.
    """
    if events.items is None:
        raise ValueError(f"affinity {name}: expected events with items")
    row, offers = _covered(events.items, covers)
    customers, when = events.customers[row].astype(np.int64), events.when[row]
    many = covers.shape[0]
    pairs = customers * many + offers
    own = EventHistory(pairs, when).count(sends.customers * many + sends.offers, sends.when)
    events_before = EventHistory(events.customers, events.when).count(sends.customers, sends.when)
    first = _first(pairs, when)
    reached = EventHistory(offers[first], when[first]).count(sends.offers, sends.when)
    starts = events.when[_first(events.customers, events.when)]
    everybody = np.zeros(len(starts), np.int64)
    people = EventHistory(everybody, starts).count(np.zeros(len(sends), np.int64), sends.when)
    return named(
        {
            f"send.{name}_share": np.log((own + _FLOOR * prior) / (events_before + prior)),
            f"offer.{name}_reach": np.log((reached + 1) / (people + _STRANGERS)),
        }
    )


def _covered(items: IntArray, covers: csr_array) -> tuple[IntArray, IntArray]:
    """Every event with every offer that covers it: positions of events [N], and offers [N]."""
    by_item = covers.T.tocsr()
    known = np.flatnonzero(items >= 0)
    begin, end = by_item.indptr[items[known]], by_item.indptr[items[known] + 1]
    times = (end - begin).astype(np.int64)
    # Within the entries of each event: where its row of the matrix begins, and how far in.
    offset = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    return np.repeat(known, times), by_item.indices[np.repeat(begin, times) + offset]


def _first(keys: IntArray, when: IntArray) -> IntArray:
    """Positions of the first event of each key."""
    order = np.lexsort((when, keys))
    ordered = keys[order]
    found: IntArray = order[np.append(True, ordered[1:] != ordered[:-1])[: len(order)]]
    return found
