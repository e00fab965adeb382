"""Why a product is offered: the customer's own events that weigh most in its score."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.ops import fold_in
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.times import when_of
from recsys.serving.query.customer_state import History, plain
from recsys.serving.query.offers import Reason


def reasons(
    contents: Contents, histories: Sequence[History], deciding: IntArray, products: IntArray,
    limit: int,
) -> list[list[Reason]]:  # fmt: skip
    """For each product [n], at most `limit` events that speak for it.

    An event's share is its contribution to the score over the sum of all positive contributions;
    events that speak against the product are no reasons. Equal shares: the earlier in the history.

    Args:
        contents: of the artifact.
        histories: of each vector of the customer.
        deciding: [n] which of them gave the product its score.
        products: [n] rows.
        limit: how many reasons a product, 0 for none.
    """
    found: list[list[Reason]] = [[] for _ in products]
    if not limit or contents.fold_in is None:
        return found
    for one in np.unique(deciding):
        places, history = np.flatnonzero(deciding == one), histories[one]
        parts = fold_in.contributions(
            history.weights,
            contents.fold_in.factors[history.products],
            contents.products.vectors[products[places]][:, : contents.fold_in.width],
            contents.fold_in.gram,
        )
        for place, part in zip(places, parts, strict=True):
            found[place] = _largest(contents, history, part, limit)
    return found


def _largest(contents: Contents, history: History, part: FloatArray, limit: int) -> list[Reason]:
    positive = np.maximum(part, 0)
    order = np.argsort(-positive, kind="stable")[:limit]
    total = positive.sum()
    return [
        _reason(contents, history, int(one), float(positive[one] / total))
        for one in order
        if positive[one] > 0
    ]


def _reason(contents: Contents, history: History, place: int, share: float) -> Reason:
    product, event = int(history.products[place]), int(history.events[place])
    events = contents.events if event >= 0 else None
    touchpoint = None if events is None else at_place(events.touchpoints, event)
    when = None if events is None else at_place(events.when, event)
    return Reason(
        product_id=plain(contents.products.ids[product]),
        name=at_place(contents.products.names, product),
        action=named(contents.action_names, int(history.actions[place])),
        touchpoint=named(contents.touchpoints.names, touchpoint),
        when=None if when is None else when_of(contents.clock, int(when)),
        share=share,
    )


def at_place(values: Any, place: int) -> Any:
    """One of the values, None where there are none."""
    return None if values is None else values[place]


def named(names: Sequence[str], code: int | None) -> str | None:
    """The name that a code stands for; None for an unknown one."""
    return None if code is None or code < 0 else names[code]
