"""The state of the customer that a query is about: stored, folded in, or unknown."""

from collections.abc import Sequence

from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.query.customer_state import (
    CustomerState,
    empty_state,
    stored_state,
    unknown_state,
)
from recsys.serving.query.default_vector import default_vector, require_default_vector
from recsys.serving.query.fresh_events import FreshEvent, folded
from recsys.serving.query.query import Id, require_one_id


def find_customer(
    contents: Contents, customers: SortedIds, products: SortedIds, customer_id: Id | None,
    events: Sequence[FreshEvent] | None, strict: bool,
) -> CustomerState:  # fmt: skip
    """The customer with this id, with fresh events on top of the stored ones.

    Args:
        contents: of the artifact.
        customers: ids of its customers.
        products: ids of its products.
        customer_id: None for a customer without an id.
        events: fresh events; None for the stored state.
        strict: whether an unknown id is refused; if not, it is a customer of whom nothing is known.

    Raises:
        InputError: the id is unknown and refused; an event is not usable; or nothing is known of
            the customer, and the artifact has no vector for that.
    """
    if events is None and customer_id is not None:
        state = _stored(contents, customers, customer_id)
        if state is not None:
            return state
        if strict or default_vector(contents) is None:
            raise customers.unknown(customer_id)
        return unknown_state(contents, customer_id)
    state = fold_in_customer(contents, customers, products, customer_id, events or [], strict)
    if not state.known and not len(state.histories[-1].products):
        # Without an event that counts, the customer can only be ranked for by popularity.
        require_default_vector(contents)
    return state


def fold_in_customer(
    contents: Contents, customers: SortedIds, products: SortedIds, customer_id: Id | None,
    events: Sequence[FreshEvent], strict: bool = True,
) -> CustomerState:  # fmt: skip
    """As `find_customer`, but does not require a vector for customers of whom nothing is known."""
    state = None if customer_id is None else _stored(contents, customers, customer_id)
    if state is None and customer_id is not None and strict:
        raise customers.unknown(customer_id)
    if state is None and not len(events) and contents.customers.default_vector is not None:
        return unknown_state(contents, customer_id)
    return folded(contents, products, events, state or empty_state(contents, customer_id))


def _stored(contents: Contents, customers: SortedIds, customer_id: Id) -> CustomerState | None:
    require_one_id(customer_id)
    starts, ends = customers.find([customer_id])
    if starts[0] == ends[0]:
        return None
    return stored_state(contents, customers.rows[starts[0] : ends[0]])
