"""From tables to what the touchpoint network is about: relations, features and questions."""

from collections.abc import Mapping

import numpy as np
import torch
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray
from recsys.data.dataset import Dataset
from recsys.graph.features import feature_terms
from recsys.graph.offer_calendar import calendar_lift
from recsys.graph.relations import SIDES, Ends, Signals, relation_matrices
from recsys.graph.strength import event_weights
from recsys.models.touchpoint_gnn.event_contexts import places_of
from recsys.models.touchpoint_gnn.network import NetworkInputs
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.context_targets import ContextTargets
from recsys.training.relations import Relations


def world_of(
    data: Dataset,
    signals: Signals,
    device: torch.device,
    *,
    history: csr_array,
    learnt: bool,
    loss_half_life: float | None,
    features: Mapping[str, FloatArray],
    contexts: bool,
    horizon: float | None,
) -> NetworkInputs:
    """What the network is about.

    Args:
        data: what a model may see.
        signals: of the graph; actions of weight above 0 are what is asked.
        device: of all tensors.
        history: [C, P] normalised, of who is folded in.
        learnt: whether weights of actions are.
        loss_half_life: of what products are asked. Where somebody is reached changes slowly.
        features: side -> [n, f], see `features_of`; empty for none.
        contexts: whether the circumstances of an event are part of the question.
        horizon: days from the cut-off on that products are ranked for, see `calendar_lift`.
    """
    ends = Ends.of(data)
    customers, products, nodes = (ends.rows[side] for side in SIDES)
    of_actions = signals.of_events(data)
    liked = of_actions > 0
    taken, placed = liked & (products >= 0), liked & (nodes >= 0)
    places = places_of(data, nodes, ends.sizes["touchpoints"], contexts)
    there = taken & (places.of_events >= 0)
    # A product taken at a touchpoint answers two questions, there and anywhere.
    both = np.concatenate([np.flatnonzero(taken), np.flatnonzero(there)])
    anywhere = np.arange(len(both)) < taken.sum()
    fresh = event_weights(data, loss_half_life, signals.durations)
    fresh = fresh * of_actions
    steady, size = event_weights(data), ends.sizes["customers"]
    counts = np.bincount(nodes[placed], steady[placed], minlength=ends.sizes["touchpoints"])
    used = of_actions != 0
    matrices = relation_matrices(data, signals)
    lift = calendar_lift(data, horizon) if horizon is not None else np.zeros(0, np.float32)
    return NetworkInputs(
        relations=Relations(matrices, signals.weights, learnt, device),
        features={side: torch.from_numpy(matrix).to(device) for side, matrix in features.items()},
        known=(
            torch.from_numpy(_involved(ends, "customers", used)).to(device),
            torch.from_numpy(_involved(ends, "products", used)).to(device),
        ),
        active=torch.from_numpy(np.unique(customers[taken | placed])).to(device),
        products_asked=ContextTargets(
            customers[both],
            np.where(anywhere, -1, places.of_events[both]),
            products[both],
            fresh[both],
            size,
            device,
        ),
        touchpoints_asked=ContextTargets(
            customers[placed], products[placed], nodes[placed], steady[placed], size, device
        ),
        touchpoint_counts=torch.from_numpy(counts.astype(np.float32)).to(device),
        contexts=sum(map(len, data.contexts.values())) if contexts else 0,
        places=torch.from_numpy(places.members).to(device),
        history=BipartiteGraph.from_matrix(history, device),
        calendar=torch.from_numpy(lift).to(device),
    )


def _involved(ends: Ends, side: str, used: BoolArray) -> BoolArray:
    """[n] bool, nodes of a side that take part in the events used [E]."""
    rows = ends.rows[side]
    found = np.zeros(ends.sizes[side], bool)
    found[rows[used & (rows >= 0)]] = True
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


def features_of(data: Dataset) -> tuple[dict[str, FloatArray], dict[str, Mapping[str, str]]]:
    """Features as known at `data.as_of`, and what became of each column.

    Returns:
        side -> [n, f] float32, rows of length 1 in the root mean square, without sides that have
        none; and table -> column -> what became of it.
    """
    features: dict[str, FloatArray] = {}
    said: dict[str, Mapping[str, str]] = {}
    for side, ids in (("customers", data.customers), ("products", data.products)):
        table = data.side_tables.get(side)
        found = feature_terms(table, f"{side[:-1]}_id", ids, data.as_of_seconds)
        matrix, said[side] = found.matrix.toarray(), found.said
        length = np.sqrt((matrix**2).sum(axis=1).mean()) if matrix.size else 0.0
        if length > 0:
            features[side] = (matrix / length).astype(np.float32)
    return features, said
