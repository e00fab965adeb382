"""Own events as an artifact keeps them, and how fresh ones are to weigh beside them."""

from typing import Any

import numpy as np

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.graph.bipartite import action_weights, interaction_matrix
from recsys.models.base import Embeddings, FoldIn, Recommender
from recsys.models.touchpoint_preference import overall_shares

_JOURNEY = {"view": 0, "click": 1, "cart": 2, "accept": 3, "purchase": 4}
"""How far along each positive action is; the others are never a reason for an offer."""


def events_of(data: Dataset, fold_in: FoldIn | None) -> dict[str, Any]:
    """One event a customer-product pair, with the weight the model gave the pair.

    The pair is described by the event furthest along the journey (a purchase before a click), the
    latest of those. Pairs that the model did not learn from (a rejected offer) weigh 0: they count
    as seen.
    """
    events, width = data.interactions, len(data.products)
    used = np.flatnonzero(events.products >= 0)
    keys = events.customers[used].astype(np.int64) * width + events.products[used]
    strength = np.array([_JOURNEY.get(action, -1) for action in columns.ACTIONS])
    # Events are in order of time, so their position breaks ties towards the latest.
    order = np.lexsort((used, strength[events.actions[used]], keys))
    pairs, count = np.unique(keys, return_counts=True)
    latest = used[order][np.cumsum(count) - 1]
    found: dict[str, Any] = {
        "event_customers": events.customers[latest],
        "event_products": events.products[latest],
        "event_weights": np.zeros(len(pairs), np.float32),
        "event_actions": events.actions[latest],
        "event_action_names": list(columns.ACTIONS),
        "event_touchpoints": events.touchpoints[latest],
        "event_when": None if events.when is None else events.when[latest],
    }
    if fold_in is None:
        return found
    history = fold_in.history
    rows = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    places = np.searchsorted(pairs, rows * width + history.indices)
    found["event_weights"][places] = history.data
    return found | {"fold_in_products": fold_in.products, "fold_in_gram": fold_in.gram}


def fold_in_rule(
    model: Recommender, vectors: Embeddings, fold_in: FoldIn | None, data: Dataset
) -> dict[str, Any]:
    """How fresh events weigh; empty where the formula does not give the model's own weights."""
    if fold_in is None:
        return {}
    actions, half_life = getattr(model, "actions", None), getattr(model, "half_life", None)
    counted = interaction_matrix(data, actions=actions, half_life=half_life)
    degrees, history = counted.sum(axis=1, dtype=np.float64), fold_in.history
    if not np.array_equal(counted.indices, history.indices) or counted.shape != history.shape:
        return {}
    factor = np.where(degrees > 0, degrees, 1.0) ** -fold_in.exponent
    scale = 1.0 if fold_in.scale is None else fold_in.scale[counted.indices]
    weights = fold_in.offset + scale * counted.data * np.repeat(factor, np.diff(counted.indptr))
    if not np.allclose(weights, history.data, rtol=1e-4):
        return {}
    rest = vectors.customers[:, fold_in.products.shape[1] :]
    if vectors.touchpoints is not None or (rest != rest[:1]).any():
        return {}
    preference = np.log(overall_shares(data)) if len(data.touchpoints) else np.zeros(0)
    return {
        "fold_in_actions": action_weights(actions),
        "fold_in_rule": np.array([fold_in.offset, fold_in.exponent, fold_in.unit], np.float32),
        "fold_in_scale": fold_in.scale,
        "fold_in_rest": np.concatenate([rest[0], preference, np.zeros(len(preference))]).astype(
            np.float32
        ),
        "fold_in_degrees": degrees.astype(np.float32) if fold_in.exponent else None,
    }
