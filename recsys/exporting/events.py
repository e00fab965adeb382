"""Own events as an artifact keeps them, and how fresh ones are to weigh beside them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER, SECOND
from recsys.graph.action_weights import action_weights, event_action_weights
from recsys.graph.bipartite import interaction_matrix
from recsys.models.base import Embeddings, FoldIn, Recommender
from recsys.models.fresh_history import weights_of
from recsys.models.touchpoint_preference import overall_shares
from recsys.ops.csr import entry_rows
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
    model did not learn from (a rejected offer) weigh 0: they count as seen.

    Args:
        data: whose events.
        fold_in: of the model.
        actions: weight of each action in the model, see `recsys.graph.action_weights`.
    """
    events, width = data.interactions, len(data.products)
    used = np.flatnonzero(events.products >= 0)
    keys = events.customers[used].astype(np.int64) * width + events.products[used]
    strength = np.array([_JOURNEY.get(action, -1) for action in columns.ACTIONS])
    counted = event_action_weights(data, actions)[used] > 0
    if events.weights is not None:
        counted &= events.weights[used] != 0
    # Events are in order of time, so their position breaks ties towards the latest.
    order = np.lexsort((used, strength[events.actions[used]], counted, keys))
    pairs, count = np.unique(keys, return_counts=True)
    latest = used[order][np.cumsum(count) - 1]
    weights = np.zeros(len(pairs), np.float32)
    if fold_in is not None:
        history = fold_in.history
        rows = entry_rows(history.indptr)
        weights[np.searchsorted(pairs, rows * width + history.indices)] = history.data
    return EventTable(
        customers=events.customers[latest],
        products=events.products[latest],
        weights=weights,
        actions=events.actions[latest],
        touchpoints=events.touchpoints[latest],
        when=None if events.when is None else _kept(data, events.when[latest]),
    )


def _kept(data: Dataset, when: IntArray) -> IntArray:
    """Times as artifacts keep them: UTC seconds, or positions of an order."""
    if data.clock != "timestamp":
        return when
    return np.where(when == NEVER, NEVER, when // SECOND)


def fold_in_arrays(
    model: Recommender, vectors: Embeddings, fold_in: FoldIn | None, data: Dataset
) -> FoldInArrays | None:
    """How events become a vector; None where they do not add up to one."""
    if fold_in is None:
        return None
    rule = _rule(model, vectors, fold_in, data)
    return FoldInArrays(factors=fold_in.products, gram=fold_in.gram, **rule)


def _rule(
    model: Recommender, vectors: Embeddings, fold_in: FoldIn, data: Dataset
) -> dict[str, Any]:
    """How fresh events weigh; empty where the formula does not give the model's own weights."""
    actions, half_life = getattr(model, "actions", None), getattr(model, "half_life", None)
    if actions is not None:
        # What pushes away is not in the history: with it, the weights below do not agree.
        actions = {name: weight for name, weight in actions.items() if weight > 0}
    counted = interaction_matrix(data, actions=actions, half_life=half_life)
    degrees, history = counted.sum(axis=1, dtype=np.float64), fold_in.history
    if not np.array_equal(counted.indices, history.indices) or counted.shape != history.shape:
        return {}
    if not np.allclose(weights_of(fold_in, counted).data, history.data, rtol=1e-4):
        return {}
    rest = vectors.customers[:, fold_in.products.shape[1] :]
    if (rest != rest[:1]).any():
        return {}
    return {
        "action_weights": action_weights(actions),
        "rule": np.array([fold_in.offset, fold_in.exponent, fold_in.unit], np.float32),
        "scale": fold_in.scale,
        "rest": np.concatenate([rest[0], _preference(vectors, data)]).astype(np.float32),
        "degrees": degrees.astype(np.float32) if fold_in.exponent else None,
    }


def _preference(vectors: Embeddings, data: Dataset) -> FloatArray:
    """The columns that `with_touchpoints` adds to a customer, for one nobody has seen anywhere."""
    if vectors.touchpoints is not None or not len(data.touchpoints):
        return np.zeros(0)
    preference = np.log(overall_shares(data))
    return np.concatenate([preference, np.zeros_like(preference)])
