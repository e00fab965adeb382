"""Rules that cut events into strands without learning anything: what purposes must beat."""

from collections.abc import Mapping

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import ACTION_CODES
from recsys.journeys.purposes.visits import Span

SESSION_DAYS = 30 / 1440
_CUSTOMER_GAP = 15.0
_PURPOSE_GAP = 50.0


def rule_strands(data: Dataset, used: BoolArray, purpose: IntArray) -> Mapping[str, IntArray]:
    """Name of a rule -> [E] the strand of each event, -1 for events that do not count.

    Args:
        data: its events, with timestamps or an order (days are then positions).
        used: [E] bool, events that count; they have products.
        purpose: [P] of each product, as the category.
    """
    events = data.interactions
    person = events.customers.astype(np.int64)
    both = person * (int(purpose.max(initial=0)) + 1) + purpose[events.products]
    return {
        "customer and purpose": _cut(data, used, both),
        "customer and purpose, 50 days of silence or a purchase end it": _cut(
            data, used, both, _PURPOSE_GAP, ends="purchase"
        ),
        "customer, 30 minutes of silence end it (session)": _cut(data, used, person, SESSION_DAYS),
        "customer, 15 days of silence end it": _cut(data, used, person, _CUSTOMER_GAP),
    }


def _cut(
    data: Dataset, used: BoolArray, key: IntArray, gap: float = np.inf, ends: str | None = None
) -> IntArray:
    """[E] strands: events of equal keys [E] up to a gap in days, or an action that ends them."""
    events = data.interactions
    assert events.when is not None
    rows = np.flatnonzero(used)
    rows = rows[np.lexsort((events.when[rows], key[rows]))]
    begins = np.diff(key[rows], prepend=-1) != 0
    begins |= np.diff(Span.of(data).days(events.when[rows]), prepend=-np.inf) > gap
    if ends is not None:
        begins[1:] |= (events.actions[rows] == ACTION_CODES[ends])[:-1]
    strand = np.full(len(events), -1)
    strand[rows] = np.cumsum(begins) - 1
    return strand
