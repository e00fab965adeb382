"""Fresh events to a customer's vector: weighed as the model weighed its own, then folded in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.serve import events as own_events
from recsys.serve import fold_in
from recsys.serve.contents import Contents
from recsys.serve.ids import SortedIds

FreshEvent: TypeAlias = str | int | UUID | tuple[str | int | UUID, str | float]
"""A product id, or a product id with an action or a weight."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fresh:
    """A customer as of now.

    Attributes:
        vector: [d] float32.
        products: [n] rows of all products with an event, old or fresh.
        row: of the customer the events were added to; None for somebody unseen.
    """

    vector: FloatArray
    products: IntArray
    row: int | None


def folded(
    contents: Contents, products: SortedIds, events: Sequence[FreshEvent], row: int | None
) -> Fresh:
    """Folds events in, for customer row `row` on top of its own ones.

    Raises:
        InputError: a product or action is unknown, or the artifact lacks what it needs.
    """
    factors, rule = contents.fold_in_products, contents.fold_in_rule
    if factors is None or rule is None or (row is None and contents.fold_in_rest is None):
        raise InputError(
            "the artifact does not say how fresh events become a vector; export a model that can "
            "be folded into, such as als or graph_filter, with this version"
        )
    rows, counts = _counted(contents, products, events)
    width, seen = factors.shape[1], rows
    rest = contents.fold_in_rest
    if row is not None:
        own_rows, own_counts, seen = _own(contents, row)
        rows, counts = np.append(own_rows, rows), np.append(own_counts, counts)
        rest, seen = contents.customers[row, width:], np.append(seen, rows)
    distinct, places = np.unique(rows, return_inverse=True)
    total = np.bincount(places, counts, minlength=len(distinct))
    distinct, total = distinct[total > 0], total[total > 0]
    scale = 1.0 if contents.fold_in_scale is None else contents.fold_in_scale[distinct]
    together = total.sum() ** -float(rule[1]) if len(total) else 0.0
    weights = float(rule[0]) + scale * total * together
    first = fold_in.customer_vector(weights, factors[distinct], contents.fold_in_gram)
    if rule[2]:
        first = first / max(float(np.linalg.norm(first)), 1e-30)
    assert rest is not None
    vector = np.concatenate([first, rest]).astype(np.float32)
    return Fresh(vector=vector, products=np.unique(seen), row=row)


def _counted(
    contents: Contents, products: SortedIds, events: Sequence[FreshEvent]
) -> tuple[IntArray, FloatArray]:
    """Product rows [n] and what each event counts."""
    if isinstance(events, str | int | UUID):
        raise InputError(f"events: expected a sequence of product ids, got {events!r}")
    pairs = [one if isinstance(one, tuple) else (one, None) for one in events]
    starts, _ = products.find_known([product for product, _ in pairs])
    counts = [_count(contents, what) for _, what in pairs]
    return products.rows[starts], np.array(counts, np.float64)


def _count(contents: Contents, what: str | float | None) -> float:
    if what is None:
        return 1.0
    if isinstance(what, str):
        known = list(contents.event_action_names)
        if what not in known or contents.fold_in_actions is None:
            raise InputError(f"events: no action '{what}'; the artifact has {', '.join(known)}")
        return float(contents.fold_in_actions[known.index(what)])
    if not (np.isfinite(what) and what >= 0):
        raise InputError(f"events: expected weights of at least 0, got {what}")
    return float(what)


def _own(contents: Contents, row: int) -> tuple[IntArray, FloatArray, IntArray]:
    """Rows [n] of the products learned from, what their events counted, and rows of all seen."""
    assert contents.fold_in_rule is not None
    offset, exponent = map(float, contents.fold_in_rule[:2])
    places = own_events.of_rows(contents, np.array([row]))[1]
    if contents.event_products is None or contents.event_weights is None:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64)
    seen = contents.event_products[places]
    weights = contents.event_weights[places].astype(np.float64)
    rows, weights = seen[weights != 0], weights[weights != 0]
    scale = 1.0 if contents.fold_in_scale is None else contents.fold_in_scale[rows]
    degree = 1.0 if contents.fold_in_degrees is None else float(contents.fold_in_degrees[row])
    return rows, (weights - offset) / scale * degree**exponent, seen
