"""Who is asked about: a customer by id or fresh events, or one of whom nothing is known."""

from collections.abc import Sequence

from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.query.customer_state import CustomerState, nobody, stored, unknown
from recsys.serving.query.fallback import default_vector, require_default
from recsys.serving.query.fresh_events import FreshEvent, folded
from recsys.serving.query.query import Id


def who(
    contents: Contents, customers: SortedIds, products: SortedIds, customer_id: Id | None,
    events: Sequence[FreshEvent] | None, strict: bool,
) -> CustomerState:  # fmt: skip
    """The person, whom an id that is unknown makes one of whom nothing is known.

    Args:
        contents: of the artifact.
        customers: ids of its customers.
        products: ids of its products.
        customer_id: None for somebody unseen.
        events: what was done just now; None for a question about the customer as stored.
        strict: whether an unknown id is refused.

    Raises:
        InputError: the id is unknown and refused; the events are not usable; or nothing is known,
            and the artifact does not say what is popular.
    """
    if events is None and customer_id is not None:
        before = _stored(contents, customers, customer_id)
        if before is not None:
            return before
        if strict or default_vector(contents) is None:
            raise customers.unknown(customer_id)
        return unknown(contents, customer_id)
    person = with_events(contents, customers, products, customer_id, events or [], strict)
    if not person.known and not len(person.histories[-1].products):
        # Without an event that counts, only what is popular is left.
        require_default(contents)
    return person


def with_events(
    contents: Contents, customers: SortedIds, products: SortedIds, customer_id: Id | None,
    events: Sequence[FreshEvent], strict: bool = True,
) -> CustomerState:  # fmt: skip
    """As `who`, by the formula of the fold-in even where it says nothing."""
    before = None if customer_id is None else _stored(contents, customers, customer_id)
    if before is None and customer_id is not None and strict:
        raise customers.unknown(customer_id)
    if before is None and not len(events) and contents.customers.default_vector is not None:
        return unknown(contents, customer_id)
    return folded(contents, products, events, before or nobody(contents, customer_id))


def _stored(contents: Contents, customers: SortedIds, customer_id: Id) -> CustomerState | None:
    starts, ends = customers.find([customer_id])
    return stored(contents, customers.rows[starts[0] : ends[0]]) if starts[0] < ends[0] else None
