"""The state of a customer: vectors, stored or folded in, and the events that made them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.until import OPEN_END, OPEN_START, holds
from recsys.serving.artifact import rules
from recsys.serving.artifact.contents import Contents
from recsys.serving.query.default_vector import fill_default, require_default_vector
from recsys.serving.query.offers import Basis

ONE_CUSTOMER = np.zeros(1, np.int64)
"""Where the rows of a single customer start."""


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """The events that a vector was made of, one for each product.

    Attributes:
        products: [n] rows.
        weights: [n], above or below 0; events of weight 0 are left out.
        events: [n] row in `Contents.events`, -1 for a fresh event.
        actions: [n] positions in `Contents.action_names`, -1 where unknown.
    """

    products: IntArray
    weights: FloatArray
    events: IntArray
    actions: IntArray


_NO_ROWS = np.zeros(0, np.int64)
_EMPTY_HISTORY = History(products=_NO_ROWS, weights=np.zeros(0), events=_NO_ROWS, actions=_NO_ROWS)


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerState:
    """A customer with R vectors, one for each strand of intent.

    Attributes:
        id: as in the artifact; as it was given where it is unknown; None without an id.
        vectors: [R, d] float32.
        histories: [R], of each vector.
        seen: [n] rows of all products with an event, each once, also of events of weight 0.
        until: [n] int64 UTC seconds until which each is off the list, as `EventTable.until`.
        permitted: [T] whether a touchpoint may contact the customer.
        known: whether the artifact has the id.
        row: the last of the customer's rows; None where the customer is unknown.
        basis: what the vectors are made of.
    """

    id: str | int | UUID | None
    vectors: FloatArray
    histories: Sequence[History]
    seen: IntArray
    until: IntArray
    permitted: BoolArray
    known: bool
    row: int | None
    basis: Basis

    def filtered(self, contents: Contents, at: int | None) -> IntArray:
        """Product rows that are not ranked because the customer has seen them.

        Args:
            contents: of the artifact.
            at: as `Query.moment`.
        """
        return self.seen[holds(self.until, at)] if contents.filter_seen else self.seen[:0]


def stored_state(contents: Contents, rows: IntArray) -> CustomerState:
    """The customer with these rows [R], as stored in the artifact."""
    strands, events = contents.events_of(rows)
    vectors, (by_popularity,) = fill_default(
        contents, contents.customers.vectors[rows], ONE_CUSTOMER
    )
    seen, until = _seen(contents, events)
    return CustomerState(
        id=plain(contents.customers.ids[rows[0]]),
        vectors=vectors,
        histories=[_history(contents, events[strands == strand]) for strand in range(len(rows))],
        seen=seen,
        until=until,
        permitted=rules.permitted(contents, rows, ONE_CUSTOMER)[0],
        known=True,
        row=int(rows[-1]),
        basis="popularity" if by_popularity else "events" if len(events) else "vector",
    )


def unknown_state(contents: Contents, customer_id: str | int | UUID | None) -> CustomerState:
    """A customer of whom nothing is known, who gets popular products.

    Args:
        contents: of the artifact.
        customer_id: an id that the artifact does not have; its consent is that of
            `rules.permitted_to_unknown`. None where the caller takes care of consent.

    Raises:
        InputError: the artifact has no default vector.
    """
    vector = require_default_vector(contents)
    return replace(empty_state(contents, customer_id), vectors=vector[None])


def empty_state(contents: Contents, customer_id: str | int | UUID | None) -> CustomerState:
    """A customer without events, whose vector is zero; arguments as for `unknown_state`."""
    everywhere = np.ones(len(contents.touchpoints), dtype=bool)
    return CustomerState(
        id=None if customer_id is None else plain(customer_id),
        vectors=np.zeros((1, contents.dim), np.float32),
        histories=[_EMPTY_HISTORY],
        seen=_NO_ROWS,
        until=_NO_ROWS,
        permitted=everywhere if customer_id is None else rules.permitted_to_unknown(contents),
        known=False,
        row=None,
        basis="popularity",
    )


def latest_until(products: IntArray, until: IntArray) -> tuple[IntArray, IntArray]:
    """Product rows, each once and ascending, and the latest moment of each."""
    distinct, which = np.unique(products, return_inverse=True)
    latest = np.full(len(distinct), OPEN_START)
    np.maximum.at(latest, which, until)
    return distinct, latest


def _seen(contents: Contents, rows: IntArray) -> tuple[IntArray, IntArray]:
    """See `CustomerState`; of events [n] of these rows."""
    events = contents.events
    if events is None:
        return _NO_ROWS, _NO_ROWS
    if events.until is None:
        distinct = np.unique(events.products[rows])
        return distinct, np.full(len(distinct), OPEN_END)
    return latest_until(events.products[rows], events.until[rows])


def _history(contents: Contents, rows: IntArray) -> History:
    """Events [n] of these rows."""
    events = contents.events
    if events is None:
        return _EMPTY_HISTORY
    counted = rows[events.weights[rows] != 0]
    return History(
        products=events.products[counted],
        weights=events.weights[counted],
        events=counted,
        actions=np.full(len(counted), -1) if events.actions is None else events.actions[counted],
    )


def plain(value: object) -> str | int | UUID:
    """An id as int, str or UUID, not as a NumPy scalar."""
    if isinstance(value, np.integer):
        return int(value)
    return value if isinstance(value, UUID | int) else str(value)
