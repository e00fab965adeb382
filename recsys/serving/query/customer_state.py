"""Who is asked about: the vectors of a customer, stored or folded in, and what made them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.serving.artifact import rules
from recsys.serving.artifact.contents import Contents
from recsys.serving.query import fallback
from recsys.serving.query.offers import Basis

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
class CustomerState:
    """A customer, with R vectors: one a strand of intent.

    Attributes:
        id: as the artifact keeps it; as it was given where it is unknown; None for no id.
        vectors: [R, d] float32.
        histories: of each vector.
        seen: [n] rows of all products with an event, each once, whether learned from or not.
        permitted: [T] touchpoints that may contact the customer.
        known: whether the artifact knows the id.
        row: the last of its rows; None where it is unknown.
        basis: what the vectors are made of.
    """

    id: str | int | UUID | None
    vectors: FloatArray
    histories: Sequence[History]
    seen: IntArray
    permitted: BoolArray
    known: bool
    row: int | None
    basis: Basis

    def had(self, contents: Contents) -> IntArray:
        """Product rows that leave the ranking because the customer had them."""
        return self.seen if contents.filter_seen else self.seen[:0]


def stored(contents: Contents, rows: IntArray) -> CustomerState:
    """The customer of these rows [R], as the artifact keeps it."""
    owners, places = contents.events_of(rows)
    vectors, (by_popularity,) = fallback.filled(contents, contents.customers.vectors[rows], ONLY)
    return CustomerState(
        id=plain(contents.customers.ids[rows[0]]),
        vectors=vectors,
        histories=[_history(contents, places[owners == one]) for one in range(len(rows))],
        seen=places if contents.events is None else np.unique(contents.events.products[places]),
        permitted=rules.permitted(contents, rows, ONLY)[0],
        known=True,
        row=int(rows[-1]),
        basis="popularity" if by_popularity else "events" if len(places) else "vector",
    )


def unknown(contents: Contents, customer_id: str | int | UUID | None) -> CustomerState:
    """A customer of whom nothing is known, to be ranked by popularity.

    Args:
        contents: of the artifact.
        customer_id: one that it does not have, which it may contact as
            `rules.permitted_to_unknown` says; None where the caller answers for the consent.

    Raises:
        InputError: the artifact does not say what is popular.
    """
    vector = fallback.require_default(contents)
    return replace(nobody(contents, customer_id), vectors=vector[None])


def nobody(contents: Contents, customer_id: str | int | UUID | None) -> CustomerState:
    """A customer without a vector of their own, all zeros, and without events."""
    nothing = np.zeros(0, np.int64)
    anywhere = np.ones(len(contents.touchpoints.names), dtype=bool)
    return CustomerState(
        id=None if customer_id is None else plain(customer_id),
        vectors=np.zeros((1, contents.dim), np.float32),
        histories=[History(products=nothing, weights=np.zeros(0), events=nothing, actions=nothing)],
        seen=nothing,
        permitted=anywhere if customer_id is None else rules.permitted_to_unknown(contents),
        known=False,
        row=None,
        basis="popularity",
    )


def _history(contents: Contents, places: IntArray) -> History:
    events = contents.events
    if events is None:
        nothing = np.zeros(0, np.int64)
        return History(products=nothing, weights=np.zeros(0), events=nothing, actions=nothing)
    own = places[events.weights[places] != 0]
    return History(
        products=events.products[own],
        weights=events.weights[own],
        events=own,
        actions=np.full(len(own), -1) if events.actions is None else events.actions[own],
    )


def plain(value: object) -> str | int | UUID:
    """An id as Python has it."""
    if isinstance(value, np.integer):
        return int(value)
    return value if isinstance(value, UUID | int) else str(value)
