"""Fresh events to a customer's vector: weighed as the model weighed its own, then folded in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.serve import fold_in
from recsys.serve.contents import Contents
from recsys.serve.ids import SortedIds
from recsys.serve.person import History, Person, stored

FreshEvent: TypeAlias = str | int | UUID | tuple[str | int | UUID, str | float]
"""A product id, or a product id with an action or a weight."""


def folded(
    contents: Contents, products: SortedIds, events: Sequence[FreshEvent], rows: IntArray | None
) -> Person:
    """The person as of now: fresh events on top of those of customer rows [R], the last of them.

    Args:
        contents: of the artifact.
        products: its ids.
        events: the fresh ones.
        rows: of a known customer, whose last strand they go to; None for somebody unseen, who may
            be contacted anywhere as far as the artifact knows.

    Raises:
        InputError: a product or action is unknown, or the artifact lacks what it needs.
    """
    factors, rule = contents.fold_in_products, contents.fold_in_rule
    if factors is None or rule is None or (rows is None and contents.fold_in_rest is None):
        raise InputError(
            "the artifact does not say how fresh events become a vector; export a model that can "
            "be folded into, such as als or graph_filter, with this version"
        )
    fresh, counts, actions = _counted(contents, products, events)
    before, rest = _nobody(contents), contents.fold_in_rest
    own_counts: FloatArray = np.zeros(0)
    if rows is not None:
        before = stored(contents, rows)
        rest = before.vectors[-1, factors.shape[1] :]
        own_counts = _own_counts(contents, before.histories[-1], int(rows[-1]))
    history = _merged(before.histories[-1], own_counts, fresh, counts, actions)
    history = replace(history, weights=_weights(contents, history.products, history.weights))
    first = fold_in.customer_vector(
        history.weights, factors[history.products], contents.fold_in_gram
    )
    if rule[2]:
        first = first / max(float(np.linalg.norm(first)), 1e-30)
    assert rest is not None
    vector = np.concatenate([first, rest]).astype(np.float32)
    return replace(
        before,
        vectors=np.vstack([before.vectors[:-1], vector]),
        histories=[*before.histories[:-1], history],
        seen=np.unique(np.append(before.seen, fresh)),
    )


def _nobody(contents: Contents) -> Person:
    nothing = np.zeros(0, np.int64)
    return Person(
        id=None,
        vectors=np.zeros((1, contents.products.shape[1]), np.float32),
        histories=[History(products=nothing, weights=np.zeros(0), events=nothing, actions=nothing)],
        seen=nothing,
        permitted=np.ones(len(contents.touchpoint_names), dtype=bool),
    )


def _counted(
    contents: Contents, products: SortedIds, events: Sequence[FreshEvent]
) -> tuple[IntArray, FloatArray, IntArray]:
    """Product rows [n], what each event counts, and its action, -1 where a weight was given."""
    if isinstance(events, str | int | UUID):
        raise InputError(f"events: expected a sequence of product ids, got {events!r}")
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
            raise InputError(f"events: no action '{what}'; the artifact has {', '.join(known)}")
        return float(contents.fold_in_actions[known.index(what)])
    if not (np.isfinite(what) and what >= 0):
        raise InputError(f"events: expected weights of at least 0, got {what}")
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
