"""Why a product is offered: the customer's own events that weigh most in its score."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.serve import events, fold_in, rules
from recsys.serve.contents import Contents
from recsys.serve.offers import Reason


def reasons(
    contents: Contents, rows: IntArray, products: IntArray, limit: int
) -> list[list[Reason]]:
    """For each pair of customer row [n] and product [n], at most `limit` events that speak for it.

    An event's share is its contribution to the score over the sum of all positive contributions;
    events that speak against the product are no reasons. Equal shares: the lower product row first.
    """
    found: list[list[Reason]] = [[] for _ in products]
    if limit:
        for row in np.unique(rows):
            places = np.flatnonzero(rows == row)
            for place, why in zip(
                places, _of_row(contents, int(row), products[places], limit), strict=True
            ):
                found[place] = why
    return found


def _of_row(contents: Contents, row: int, products: IntArray, limit: int) -> list[list[Reason]]:
    weights, event_products = contents.event_weights, contents.event_products
    if contents.fold_in_products is None or event_products is None or weights is None:
        return [[] for _ in products]
    own = events.of_rows(contents, np.array([row]))[1]
    own = own[weights[own] != 0]
    parts = fold_in.contributions(
        weights[own],
        contents.fold_in_products[event_products[own]],
        contents.products[products][:, : contents.fold_in_products.shape[1]],
        contents.fold_in_gram,
    )
    return [_largest(contents, own, part, limit) for part in parts]


def _largest(contents: Contents, own: IntArray, part: FloatArray, limit: int) -> list[Reason]:
    positive = np.maximum(part, 0)
    order = np.argsort(-positive, kind="stable")[:limit]
    total = positive.sum()
    return [
        _reason(contents, int(own[one]), float(positive[one] / total))
        for one in order
        if positive[one] > 0
    ]


def _reason(contents: Contents, event: int, share: float) -> Reason:
    product = int(at_place(contents.event_products, event))
    when = at_place(contents.event_when, event)
    return Reason(
        product_id=plain(contents.product_ids[product]),
        name=at_place(contents.product_names, product),
        action=named(contents.event_action_names, at_place(contents.event_actions, event)),
        touchpoint=named(contents.touchpoint_names, at_place(contents.event_touchpoints, event)),
        when=None if when is None else rules.when_of(contents.clock, int(when)),
        share=share,
    )


def plain(value: Any) -> str | int | UUID:
    """An id as Python has it."""
    if isinstance(value, np.integer):
        return int(value)
    return value if isinstance(value, UUID) else str(value)


def at_place(values: Any, place: int) -> Any:
    """One of the values, None where there are none."""
    return None if values is None else values[place]


def named(names: Sequence[str], code: int | None) -> str | None:
    """The name that a code stands for; None for an unknown one."""
    return None if code is None or code < 0 else names[code]
