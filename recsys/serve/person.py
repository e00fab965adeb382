"""Who is asked about: the vectors of a customer, stored or folded in, and what made them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.serve import events, rules
from recsys.serve.contents import Contents

ONLY = np.zeros(1, np.int64)
"""Where the rows of a single customer start."""


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """What a vector was made of: products, each once.

    Attributes:
        products: [n] rows.
        weights: [n] what each counts; those of weight 0 are left out.
        events: [n] where each stands among the events of `Contents`, -1 for a fresh one.
        actions: [n] positions in `event_action_names`, -1 where unknown.
    """

    products: IntArray
    weights: FloatArray
    events: IntArray
    actions: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """A customer, with R vectors: one a strand of intent.

    Attributes:
        id: as the artifact keeps it; None for somebody unseen.
        vectors: [R, d] float32.
        histories: of each vector.
        seen: [n] rows of all products with an event, each once, whether learned from or not.
        permitted: [T] touchpoints that may contact the customer.
    """

    id: str | int | UUID | None
    vectors: FloatArray
    histories: Sequence[History]
    seen: IntArray
    permitted: BoolArray

    def had(self, contents: Contents) -> IntArray:
        """Product rows that leave the ranking because the customer had them."""
        return self.seen if contents.masks_seen else self.seen[:0]


def stored(contents: Contents, rows: IntArray) -> Person:
    """The customer of these rows [R], as the artifact keeps it."""
    owners, places = events.of_rows(contents, rows)
    return Person(
        id=plain(contents.customer_ids[rows[0]]),
        vectors=contents.customers[rows],
        histories=[_history(contents, places[owners == one]) for one in range(len(rows))],
        seen=places
        if contents.event_products is None
        else np.unique(contents.event_products[places]),
        permitted=rules.permitted(contents, rows, ONLY)[0],
    )


def _history(contents: Contents, places: IntArray) -> History:
    if contents.event_products is None or contents.event_weights is None:
        nothing = np.zeros(0, np.int64)
        return History(products=nothing, weights=np.zeros(0), events=nothing, actions=nothing)
    own = places[contents.event_weights[places] != 0]
    actions = contents.event_actions
    return History(
        products=contents.event_products[own],
        weights=contents.event_weights[own],
        events=own,
        actions=np.full(len(own), -1) if actions is None else actions[own],
    )


def plain(value: object) -> str | int | UUID:
    """An id as Python has it."""
    if isinstance(value, np.integer):
        return int(value)
    return value if isinstance(value, UUID | int) else str(value)
