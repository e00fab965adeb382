"""Fresh events to a customer's vector: weighed as the model weighed its own, then folded in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops import fold_in
from recsys.ops.shown_text import shown
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.query import fallback
from recsys.serving.query.customer_state import ONLY, CustomerState, History

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
        before: a customer, or `recsys.serving.query.customer_state.nobody`.

    Raises:
        InputError: a product or action is unknown, or the artifact lacks what it needs.
    """
    factors, rule = contents.fold_in_products, contents.fold_in_rule
    if factors is None or rule is None or (not before.known and contents.fold_in_rest is None):
        raise InputError(
            "the artifact does not say how fresh events become a vector; export a model that can "
            "be folded into, such as als or graph_filter, with this version"
        )
    fresh, counts, actions = _counted(contents, products, events)
    rest = contents.fold_in_rest
    own_counts: FloatArray = np.zeros(0)
    if before.row is not None:
        rest = before.vectors[-1, factors.shape[1] :]
        own_counts = _own_counts(contents, before.histories[-1], before.row)
    history = _merged(before.histories[-1], own_counts, fresh, counts, actions)
    history = replace(history, weights=_weights(contents, history.products, history.weights))
    first = fold_in.customer_vector(
        history.weights, factors[history.products], contents.fold_in_gram
    )
    if rule[2]:
        first = first / max(float(np.linalg.norm(first)), 1e-30)
    assert rest is not None
    vector = np.concatenate([first, rest]).astype(np.float32)
    if not len(history.products):
        default = before.vectors[-1] if before.known else fallback.default_vector(contents)
        vector = vector if default is None else default
    vectors, (by_popularity,) = fallback.filled(
        contents, np.vstack([before.vectors[:-1], vector]), ONLY
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
    known = {name: code for code, name in enumerate(contents.event_action_names)}
    actions = [known[what] if isinstance(what, str) else -1 for _, what in pairs]
    return products.rows[starts], np.array(counts, np.float64), np.array(actions, np.int64)


def _count(contents: Contents, what: str | float) -> float:
    if isinstance(what, str):
        known = list(contents.event_action_names)
        if what not in known or contents.fold_in_actions is None:
            raise InputError(
                f"events: no action {shown(what)}; the artifact has {', '.join(known)}"
            )
        return float(contents.fold_in_actions[known.index(what)])
    # Of NaN no comparison is true; a whole number may be too long for a float.
    if not what >= 0:
        raise InputError(f"events: expected weights of at least 0, got {shown(what)}")
    if what > LARGEST_WEIGHT:
        raise InputError(
            f"events: expected weights of at most {LARGEST_WEIGHT:,}, got {shown(what)}"
        )
    return float(what)


def _own_counts(contents: Contents, history: History, row: int) -> FloatArray:
    """[n] what the events of a stored history counted, from what they weigh."""
    assert contents.fold_in_rule is not None
    offset, exponent = map(float, contents.fold_in_rule[:2])
    degree = 1.0 if contents.fold_in_degrees is None else float(contents.fold_in_degrees[row])
    weights = history.weights.astype(np.float64)
    counts: FloatArray = (weights - offset) / _scale(contents, history.products) * degree**exponent
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


def _weights(contents: Contents, products: IntArray, counts: FloatArray) -> FloatArray:
    assert contents.fold_in_rule is not None
    offset, exponent = map(float, contents.fold_in_rule[:2])
    together = counts.sum() ** -exponent if len(counts) else 0.0
    weights: FloatArray = offset + _scale(contents, products) * counts * together
    return weights


def _scale(contents: Contents, products: IntArray) -> FloatArray | float:
    return 1.0 if contents.fold_in_scale is None else contents.fold_in_scale[products]
