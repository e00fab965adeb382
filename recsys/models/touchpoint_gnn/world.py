"""From tables to what the touchpoint network is about: relations, features and questions."""

from collections.abc import Mapping

import numpy as np
import torch

from recsys.arrays import BoolArray, FloatArray
from recsys.data.columns import ACTIONS
from recsys.data.dataset import Dataset
from recsys.graph.features import feature_matrix
from recsys.graph.relations import SIDES, Ends, event_weights, relation_matrices
from recsys.models.touchpoint_gnn.network import World
from recsys.train.asked import Asked
from recsys.train.relations import Relations


def world_of(
    data: Dataset,
    actions: Mapping[str, float],
    device: torch.device,
    *,
    learnt: bool,
    half_life: float | None,
    loss_half_life: float | None,
    features: bool,
) -> World:
    """What the network is about.

    Args:
        data: what a model may see.
        actions: weight of each action, with sign; those above 0 are what is asked.
        device: of all tensors.
        learnt: whether weights of actions are.
        half_life: of the graph.
        loss_half_life: of what products are asked. Where somebody is reached changes slowly.
        features: whether those of customers and products are used.
    """
    ends, events = Ends.of(data), data.interactions
    customers, products, nodes = (ends.rows[side] for side in SIDES)
    liked = events.has_action(tuple(name for name, weight in actions.items() if weight > 0))
    taken, placed = liked & (products >= 0), liked & (nodes >= 0)
    # A product taken at a touchpoint answers two questions, there and anywhere.
    both = np.concatenate([np.flatnonzero(taken), np.flatnonzero(taken & placed)])
    anywhere = np.arange(len(both)) < taken.sum()
    fresh = event_weights(data, loss_half_life) * _action_weights(data, actions)
    steady, size = event_weights(data, None), ends.sizes["customers"]
    counts = np.bincount(nodes[placed], steady[placed], minlength=ends.sizes["touchpoints"])
    used = events.has_action(tuple(actions))
    return World(
        relations=Relations(relation_matrices(data, actions, half_life), actions, learnt, device),
        features={
            side: torch.from_numpy(matrix).to(device)
            for side, matrix in (features_of(data) if features else {}).items()
        },
        known=(
            torch.from_numpy(_involved(ends, "customers", used)).to(device),
            torch.from_numpy(_involved(ends, "products", used)).to(device),
        ),
        active=torch.from_numpy(np.unique(customers[taken | placed])).to(device),
        products_asked=Asked(
            customers[both],
            np.where(anywhere, -1, nodes[both]),
            products[both],
            fresh[both],
            size,
            device,
        ),
        touchpoints_asked=Asked(
            customers[placed], products[placed], nodes[placed], steady[placed], size, device
        ),
        touchpoint_counts=torch.from_numpy(counts.astype(np.float32)).to(device),
    )


def _involved(ends: Ends, side: str, used: BoolArray) -> BoolArray:
    """[n] bool, nodes of a side that take part in the events used [E]."""
    rows = ends.rows[side]
    found = np.zeros(ends.sizes[side], bool)
    found[rows[used & (rows >= 0)]] = True
    return found


def _action_weights(data: Dataset, actions: Mapping[str, float]) -> FloatArray:
    """[E] weight of each event's action."""
    weights = np.array([actions.get(action, 0.0) for action in ACTIONS], np.float32)
    found: FloatArray = weights[data.interactions.actions]
    return found


def touchpoints_of_nodes(
    nodes: FloatArray, counts: FloatArray, touchpoints: int, temperature: float
) -> FloatArray:
    """[T, dim + 2] touchpoints: the mean of their dayparts by share, with the bias of all events.

    Args:
        nodes: [N, dim + 2], the nodes of a touchpoint one after the other.
        counts: [N] weight of their events.
        touchpoints: T.
        temperature: of the cosines.
    """
    if not touchpoints:
        return nodes
    of_parts = counts.reshape(touchpoints, -1, 1).astype(np.float64)
    whole = of_parts.sum(axis=1)
    vectors = (nodes.reshape(*of_parts.shape[:2], -1) * of_parts).sum(axis=1)
    vectors /= np.where(whole > 0, whole, 1)
    vectors[:, -1:] = temperature * np.log1p(whole)
    found: FloatArray = vectors.astype(np.float32)
    return found


def features_of(data: Dataset) -> dict[str, FloatArray]:
    """Side -> [n, f] float32 as known at `data.as_of`, rows of length 1 in the root mean square."""
    found = {}
    for side, ids in (("customers", data.customers), ("products", data.products)):
        table = data.side_tables.get(side)
        matrix, _ = feature_matrix(table, f"{side[:-1]}_id", ids, data.as_of_seconds)
        length = np.sqrt((matrix**2).sum(axis=1).mean()) if matrix.size else 0.0
        if length > 0:
            found[side] = (matrix / length).astype(np.float32)
    return found
