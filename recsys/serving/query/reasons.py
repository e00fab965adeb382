"""Why a product is offered: the customer's events that contribute most to its score."""

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
    contents: Contents, histories: Sequence[History], best_vectors: IntArray, products: IntArray,
    limit: int,
) -> list[list[Reason]]:  # fmt: skip
    """For each product, the events that contribute most to its score.

    The share of an event is its contribution to the score over the sum of all positive
    contributions; events that lower the score are no reasons. Of equal shares the event that is
    earlier in the history comes first.

    Args:
        contents: of the artifact.
        histories: of each vector of the customer.
        best_vectors: [n] which of the vectors gave the product its score.
        products: [n] rows.
        limit: most reasons for each product, 0 for none.

    Returns:
        [n] lists of at most `limit` reasons, largest share first.
    """
    result: list[list[Reason]] = [[] for _ in products]
    if not limit or contents.fold_in is None:
        return result
    for vector in np.unique(best_vectors):
        offers, history = np.flatnonzero(best_vectors == vector), histories[vector]
        parts = fold_in.contributions(
            history.weights,
            contents.fold_in.factors[history.products],
            contents.products.vectors[products[offers]][:, : contents.fold_in.width],
            contents.fold_in.gram,
        )
        for offer, contributions in zip(offers, parts, strict=True):
            result[offer] = _largest(contents, history, contributions, limit)
    return result


def _largest(
    contents: Contents, history: History, contributions: FloatArray, limit: int
) -> list[Reason]:
    positive = np.maximum(contributions, 0)
    order = np.argsort(-positive, kind="stable")[:limit]
    total = positive.sum()
    return [
        _reason(contents, history, int(position), float(positive[position] / total))
        for position in order
        if positive[position] > 0
    ]


def _reason(contents: Contents, history: History, position: int, share: float) -> Reason:
    product, event = int(history.products[position]), int(history.events[position])
    events = contents.events if event >= 0 else None
    touchpoint = None if events is None else item_or_none(events.touchpoints, event)
    when = None if events is None else item_or_none(events.when, event)
    return Reason(
        product_id=plain(contents.products.ids[product]),
        name=item_or_none(contents.products.names, product),
        action=name_of(contents.action_names, int(history.actions[position])),
        touchpoint=name_of(contents.touchpoints.names, touchpoint),
        when=None if when is None else when_of(contents.clock, int(when)),
        share=share,
    )


def item_or_none(values: Any, position: int) -> Any:
    """The value at a position; None where there are no values."""
    return None if values is None else values[position]


def name_of(names: Sequence[str], code: int | None) -> str | None:
    """The name at a position; None where the position is None or negative."""
    return None if code is None or code < 0 else names[code]
