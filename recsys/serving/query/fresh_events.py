"""A customer's vector from fresh events, which weigh as the model's own events do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops import fold_in
from recsys.ops.filter_seen import DEFAULT_ACTION, FilterSeen
from recsys.ops.shown_text import shown
from recsys.ops.until import OPEN_END, OPEN_START
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.fold_in_arrays import FoldInArrays
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.query.customer_state import (
    ONE_CUSTOMER,
    CustomerState,
    History,
    latest_until,
)
from recsys.serving.query.default_vector import default_vector, fill_default

FreshEvent: TypeAlias = str | int | UUID | tuple[str | int | UUID, str | float]
"""A product id, or a product id with an action or a weight. Without an action it is a purchase for
`Contents.filter_seen`, as in tables without actions."""

LARGEST_WEIGHT = 1_000_000
"""A larger one would make float32 vectors overflow or lose all other events."""


def folded(
    contents: Contents, products: SortedIds, events: Sequence[FreshEvent], before: CustomerState
) -> CustomerState:
    """The customer after fresh events, which are added to the last strand of `before`.

    If no event counts, the vector stays as it was. An unknown customer then gets the vector that
    ranks by popularity, where the artifact has one.

    Args:
        contents: of the artifact.
        products: ids of the products of the artifact.
        events: the fresh events, oldest first.
        before: the customer so far, or `recsys.serving.query.customer_state.empty_state`.

    Raises:
        InputError: a product or action is unknown, or the artifact cannot take fresh events.
    """
    arrays = contents.fold_in
    rule = None if arrays is None else arrays.rule
    if arrays is None or rule is None or (not before.known and arrays.rest is None):
        raise InputError(
            "the artifact does not say how fresh events become a vector; export a model that can "
            "be folded into, such as als or graph_filter, with this version"
        )
    fresh, counts, actions = _counted(contents, products, events)
    factors, rest = arrays.factors, arrays.rest
    own_counts: FloatArray = np.zeros(0)
    if before.row is not None:
        rest = before.vectors[-1, factors.shape[1] :]
        own_counts = _own_counts(arrays, before.histories[-1], before.row)
    history = _merged(before.histories[-1], own_counts, fresh, counts, actions)
    weights = fold_in.weights_of_counts(
        history.weights, history.weights.sum(), *_rule(arrays, history.products)
    )
    history = replace(history, weights=weights)
    first = fold_in.customer_vector(
        weights, factors[history.products], arrays.gram, unit=bool(rule[2])
    )
    assert rest is not None
    vector = np.concatenate([first, rest]).astype(np.float32)
    if not len(history.products):
        default = before.vectors[-1] if before.known else default_vector(contents)
        vector = vector if default is None else default
    vectors, (by_popularity,) = fill_default(
        contents, np.vstack([before.vectors[:-1], vector]), ONE_CUSTOMER
    )
    seen, until = latest_until(
        np.append(before.seen, fresh), np.append(before.until, _until(contents, actions))
    )
    return replace(
        before,
        vectors=vectors,
        histories=[*before.histories[:-1], history],
        seen=seen,
        until=until,
        basis="popularity" if by_popularity else "events" if len(seen) else before.basis,
    )


def _until(contents: Contents, actions: IntArray) -> IntArray:
    """[n] `OPEN_END` for fresh events that take their product off the list, else `OPEN_START`.

    A fresh event happens at the moment of the query, where every age has just begun.

    Args:
        contents: of the artifact.
        actions: [n] positions in its `action_names`; -1 counts as `DEFAULT_ACTION`.
    """
    ages = FilterSeen.of(contents.filter_seen)
    names = (*contents.action_names, DEFAULT_ACTION)
    masks = np.array([ages.age(name) > 0 for name in names])
    return np.where(masks[actions], OPEN_END, OPEN_START)


def _counted(
    contents: Contents, products: SortedIds, events: Sequence[FreshEvent]
) -> tuple[IntArray, FloatArray, IntArray]:
    """Product rows [n], counts [n], and actions [n], -1 where a weight was given instead."""
    if isinstance(events, str | int | UUID):
        raise InputError(f"events: expected a sequence of product ids, got {shown(events)}")
    pairs = [event if isinstance(event, tuple) else (event, 1.0) for event in events]
    starts, _ = products.find_known([product for product, _ in pairs])
    counts = [_count(contents, strength) for _, strength in pairs]
    known = {name: code for code, name in enumerate(contents.action_names)}
    actions = [known[strength] if isinstance(strength, str) else -1 for _, strength in pairs]
    return products.rows[starts], np.array(counts, np.float64), np.array(actions, np.int64)


def _count(contents: Contents, strength: str | float) -> float:
    """How much an event counts: an action as the model counts it, or the weight itself."""
    if isinstance(strength, str):
        known = list(contents.action_names)
        weights = None if contents.fold_in is None else contents.fold_in.action_weights
        if strength not in known or weights is None:
            raise InputError(
                f"events: no action {shown(strength)}; the artifact has {', '.join(known)}"
            )
        return float(weights[known.index(strength)])
    # Of NaN no comparison is true; a whole number may be too long for a float.
    if not strength >= 0:
        raise InputError(f"events: expected weights of at least 0, got {shown(strength)}")
    if strength > LARGEST_WEIGHT:
        raise InputError(
            f"events: expected weights of at most {LARGEST_WEIGHT:,}, got {shown(strength)}"
        )
    return float(strength)


def _own_counts(arrays: FoldInArrays, history: History, row: int) -> FloatArray:
    """[n] float64 counts of the products of a stored history, from their weights."""
    total = 1.0 if arrays.degrees is None else float(arrays.degrees[row])
    return fold_in.counts_of_weights(history.weights, total, *_rule(arrays, history.products))


def _merged(
    own: History, own_counts: FloatArray, fresh: IntArray, counts: FloatArray, actions: IntArray
) -> History:
    """Each product once, with the sum of its counts as weight, described by its last event."""
    rows = np.append(own.products, fresh)
    distinct, position = np.unique(rows, return_inverse=True)
    total = np.zeros(len(distinct))
    np.add.at(total, position, np.append(own_counts, counts))
    last = np.zeros(len(distinct), np.int64)
    np.maximum.at(last, position, np.arange(len(rows)))
    counted = total > 0
    last = last[counted]
    return History(
        products=distinct[counted],
        weights=total[counted],
        events=np.append(own.events, np.full(len(fresh), -1))[last],
        actions=np.append(own.actions, actions)[last],
    )


def _rule(arrays: FoldInArrays, products: IntArray) -> tuple[FloatArray | float, float, float]:
    """Scale, offset and exponent of the weights of products [n], see `recsys.ops.fold_in`."""
    assert arrays.rule is not None
    offset, exponent = map(float, arrays.rule[:2])
    scale = 1.0 if arrays.scale is None else arrays.scale[products]
    return scale, offset, exponent
