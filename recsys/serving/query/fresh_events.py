"""Fresh events to a customer's vector: weighed as the model weighed its own, then folded in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops import fold_in
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.fold_in_arrays import FoldInArrays
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.limits import shown
from recsys.serving.query.customer_state import ONE_CUSTOMER, CustomerState, History
from recsys.serving.query.default_vector import default_vector, fill_default

FreshEvent: TypeAlias = str | int | UUID | tuple[str | int | UUID, str | float]
"""A product id, or a product id with an action or a weight."""

LARGEST_WEIGHT = 1_000_000
"""Beyond it, float32 vectors would lose all other events, or overflow."""


def folded(
    contents: Contents, products: SortedIds, events: Sequence[FreshEvent], before: CustomerState
) -> CustomerState:
    """The person as of now: fresh events on top of those of `before`, of the last strand.

    Where none of them counts anything, the person stays as before; of whom nothing was known, what
    is popular is left, if the artifact says what that is.

    Args:
        contents: of the artifact.
        products: its ids.
        events: the fresh ones.
        before: a customer, or `recsys.serving.query.customer_state.empty_state`.

    Raises:
        InputError: a product or action is unknown, or the artifact lacks what it needs.
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
    history = replace(history, weights=_weights(arrays, history.products, history.weights))
    first = fold_in.customer_vector(history.weights, factors[history.products], arrays.gram)
    if rule[2]:
        first = first / max(float(np.linalg.norm(first)), 1e-30)
    assert rest is not None
    vector = np.concatenate([first, rest]).astype(np.float32)
    if not len(history.products):
        default = before.vectors[-1] if before.known else default_vector(contents)
        vector = vector if default is None else default
    vectors, (by_popularity,) = fill_default(
        contents, np.vstack([before.vectors[:-1], vector]), ONE_CUSTOMER
    )
    seen = np.unique(np.append(before.seen, fresh))
    return replace(
        before,
        vectors=vectors,
        histories=[*before.histories[:-1], history],
        seen=seen,
        basis="popularity" if by_popularity else "events" if len(seen) else before.basis,
    )


def _counted(
    contents: Contents, products: SortedIds, events: Sequence[FreshEvent]
) -> tuple[IntArray, FloatArray, IntArray]:
    """Product rows [n], what each event counts, and its action, -1 where a weight was given."""
    if isinstance(events, str | int | UUID):
        raise InputError(f"events: expected a sequence of product ids, got {shown(events)}")
    pairs = [one if isinstance(one, tuple) else (one, 1.0) for one in events]
    starts, _ = products.find_known([product for product, _ in pairs])
    counts = [_count(contents, what) for _, what in pairs]
    known = {name: code for code, name in enumerate(contents.action_names)}
    actions = [known[what] if isinstance(what, str) else -1 for _, what in pairs]
    return products.rows[starts], np.array(counts, np.float64), np.array(actions, np.int64)


def _count(contents: Contents, what: str | float) -> float:
    if isinstance(what, str):
        known = list(contents.action_names)
        weights = None if contents.fold_in is None else contents.fold_in.action_weights
        if what not in known or weights is None:
            raise InputError(
                f"events: no action {shown(what)}; the artifact has {', '.join(known)}"
            )
        return float(weights[known.index(what)])
    # Of NaN no comparison is true; a whole number may be too long for a float.
    if not what >= 0:
        raise InputError(f"events: expected weights of at least 0, got {shown(what)}")
    if what > LARGEST_WEIGHT:
        raise InputError(
            f"events: expected weights of at most {LARGEST_WEIGHT:,}, got {shown(what)}"
        )
    return float(what)


def _own_counts(arrays: FoldInArrays, history: History, row: int) -> FloatArray:
    """[n] what the events of a stored history counted, from what they weigh."""
    assert arrays.rule is not None
    offset, exponent = map(float, arrays.rule[:2])
    degree = 1.0 if arrays.degrees is None else float(arrays.degrees[row])
    weights = history.weights.astype(np.float64)
    counts: FloatArray = (weights - offset) / _scale(arrays, history.products) * degree**exponent
    return counts


def _merged(
    own: History, own_counts: FloatArray, fresh: IntArray, counts: FloatArray, actions: IntArray
) -> History:
    """Each product once, with what all its events count as weight, described by the last event."""
    rows = np.append(own.products, fresh)
    distinct, places = np.unique(rows, return_inverse=True)
    total = np.zeros(len(distinct))
    np.add.at(total, places, np.append(own_counts, counts))
    last = np.zeros(len(distinct), np.int64)
    np.maximum.at(last, places, np.arange(len(rows)))
    counted = total > 0
    last = last[counted]
    return History(
        products=distinct[counted],
        weights=total[counted],
        events=np.append(own.events, np.full(len(fresh), -1))[last],
        actions=np.append(own.actions, actions)[last],
    )


def _weights(arrays: FoldInArrays, products: IntArray, counts: FloatArray) -> FloatArray:
    assert arrays.rule is not None
    offset, exponent = map(float, arrays.rule[:2])
    together = counts.sum() ** -exponent if len(counts) else 0.0
    weights: FloatArray = offset + _scale(arrays, products) * counts * together
    return weights


def _scale(arrays: FoldInArrays, products: IntArray) -> FloatArray | float:
    return 1.0 if arrays.scale is None else arrays.scale[products]
