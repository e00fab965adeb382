"""The customers' events as an artifact keeps them, and how fresh ones weigh beside them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER, SECOND
from recsys.data.seen_products import until_of_events
from recsys.graph.action_weights import action_weights, event_action_weights
from recsys.graph.bipartite import interaction_matrix
from recsys.models.base import Embeddings, EventWeights, FoldIn
from recsys.models.fresh_history import weights_of
from recsys.models.touchpoint_preference import overall_shares
from recsys.ops.csr import entry_rows
from recsys.ops.until import latest
from recsys.serving.artifact.event_table import EventTable
from recsys.serving.artifact.fold_in_arrays import FoldInArrays

_JOURNEY = {"view": 0, "click": 1, "cart": 2, "accept": 3, "purchase": 4}
"""How far along each positive action is; the others come before all of these."""


def events_of(
    data: Dataset, fold_in: FoldIn | None, actions: Mapping[str, float] | None
) -> EventTable:
    """One event a customer-product pair, with the weight the model gave the pair.

    The pair is described by an event that the model counts, where it has one; of those by the
    furthest along the journey (a purchase before a click), of those by the latest. Pairs that the
    model did not learn from (a rejected offer) weigh 0: they are kept for `Dataset.filter_seen`.

    Args:
        data: that the model was fitted on.
        fold_in: of the model; None where events do not make its vectors.
        actions: weight of each action in the model; None for the default of
            `recsys.graph.action_weights`.

    Returns:
        Fields of `Contents`.
    """
    events, width = data.interactions, len(data.products)
    used = np.flatnonzero(events.products >= 0)
    keys = events.customers[used].astype(np.int64) * width + events.products[used]
    counted = event_action_weights(data, actions)[used] > 0
    if events.weights is not None:
        counted &= events.weights[used] != 0
    # Events are in order of time, so their position breaks ties towards the latest.
    chosen = described(keys, events.actions[used], counted)
    shown, pairs = used[chosen], keys[chosen]
    weights = np.zeros(len(pairs), np.float32)
    if fold_in is not None:
        history = fold_in.history
        rows = entry_rows(history.indptr)
        weights[np.searchsorted(pairs, rows * width + history.indices)] = history.data
    return EventTable(
        customers=events.customers[shown],
        products=events.products[shown],
        weights=weights,
        actions=events.actions[shown],
        touchpoints=events.touchpoints[shown],
        when=None if events.when is None else event_times(data, events.when[shown]),
        until=None if not data.filter_seen.ages else latest(keys, until_of_events(data)[used])[1],
    )


def described(keys: IntArray, actions: IntArray, counted: BoolArray) -> IntArray:
    """Positions of the events that describe their pairs, one a pair, ascending by key.

    Args:
        keys: [n] of the pair of each event, which are in order of time.
        actions: [n] positions in `columns.ACTIONS`.
        counted: [n] whether the model counts the event.
    """
    strength = np.array([_JOURNEY.get(action, -1) + 1 for action in columns.ACTIONS], np.uint8)
    # One number that sorts by all: counted takes the fourth bit, the strength the three below.
    within = strength[actions] + counted.astype(np.uint8) * np.uint8(8)
    order = np.argsort(keys * 16 + within, kind="stable")
    pairs = keys[order]
    is_last = np.append(pairs[1:] != pairs[:-1], True)[: len(keys)]
    return np.asarray(order[is_last])


def event_times(data: Dataset, when: IntArray) -> IntArray:
    """Times as artifacts keep them: UTC seconds, or positions of an order."""
    if data.clock != "timestamp":
        return when
    return np.where(when == NEVER, NEVER, when // SECOND)


class FreshEvents(NamedTuple):
    """Whether an artifact takes events that happen after the export.

    Attributes:
        fields: of `FoldInArrays`, how fresh events weigh; empty where they are not taken.
        refused: why they are not taken; None where they are.
    """

    fields: Mapping[str, Any]
    refused: str | None

    @property
    def fact(self) -> dict[str, Any]:
        """For the manifest."""
        if self.refused is None:
            return {"taken": True}
        return {"taken": False, "because": self.refused}


def fresh_events(
    event_weights: EventWeights | None, vectors: Embeddings, fold_in: FoldIn | None, data: Dataset
) -> FreshEvents:
    """How fresh events weigh, or why the model cannot take them.

    The counts that `event_weights` gives the fitted events have to lead, by the formula of
    `FoldIn`, to the weights that the model gave them; else fresh events would weigh otherwise.

    Args:
        event_weights: of the model; None where it has none.
        vectors: of the model.
        fold_in: of the model; None where events do not make its vectors.
        data: that the model was fitted on.
    """
    if fold_in is None:
        return FreshEvents({}, "its vectors are not made from a customer's events")
    if event_weights is None:
        return FreshEvents({}, "the model has no 'event_weights', which says how events count")
    actions = event_weights.actions
    if actions is not None:
        # A fresh event with a weight below 0 cannot be expressed, so the others are compared.
        actions = {name: weight for name, weight in actions.items() if weight > 0}
    counts = interaction_matrix(data, actions=actions, half_life=event_weights.half_life)
    history = fold_in.history
    if (
        counts.shape != history.shape
        or not np.array_equal(counts.indices, history.indices)
        or not np.allclose(weights_of(fold_in, counts).data, history.data, rtol=1e-4)
    ):
        return FreshEvents(
            {}, "'event_weights' does not lead to the weights in the history of its events"
        )
    rest = vectors.customers[:, fold_in.products.shape[1] :]
    if (rest != rest[:1]).any():
        return FreshEvents({}, "a part of a customer's vector is not made from events")
    totals = counts.sum(axis=1, dtype=np.float64)
    fields = {
        "action_weights": action_weights(actions),
        "rule": np.array([fold_in.offset, fold_in.exponent, fold_in.unit], np.float32),
        "scale": fold_in.scale,
        "rest": np.concatenate([rest[0], _preference(vectors, data)]).astype(np.float32),
        "degrees": totals.astype(np.float32) if fold_in.exponent else None,
    }
    return FreshEvents(fields, None)


def fold_in_arrays(fold_in: FoldIn | None, fresh: FreshEvents) -> FoldInArrays | None:
    """How events become a vector, as an artifact keeps it; None where they do not add up to one."""
    if fold_in is None:
        return None
    return FoldInArrays(factors=fold_in.products, gram=fold_in.gram, **fresh.fields)


def _preference(vectors: Embeddings, data: Dataset) -> FloatArray:
    """The columns that `with_touchpoints` adds to the vector of an unknown customer."""
    if vectors.touchpoints is not None or not len(data.touchpoints):
        return np.zeros(0)
    preference = np.log(overall_shares(data))
    return np.concatenate([preference, np.zeros_like(preference)])
