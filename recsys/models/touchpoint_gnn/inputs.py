"""From tables to the inputs of the touchpoint network: relations, features and targets."""

from collections.abc import Mapping

import numpy as np
import torch
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray
from recsys.data.dataset import Dataset
from recsys.graph.features import feature_terms
from recsys.graph.offer_calendar import calendar_lift
from recsys.graph.relations import OF_SIGNALS, SHOWN, SIDES, Ends, Signals, relation_matrices
from recsys.graph.strength import event_weights
from recsys.models.touchpoint_gnn.event_contexts import EventContexts, event_contexts
from recsys.models.touchpoint_gnn.network import NetworkInputs
from recsys.training.context_targets import ContextTargets
from recsys.training.processes import Processes
from recsys.training.relations import Relations
from recsys.training.shards import Shard
from recsys.training.shards.graph import shared_graph


def network_inputs(
    data: Dataset,
    signals: Signals,
    device: torch.device,
    processes: Processes,
    *,
    history: csr_array,
    learnt: bool,
    loss_half_life: float | None,
    features: Mapping[str, FloatArray],
    contexts: bool,
    horizon: float | None,
) -> NetworkInputs:
    """Builds the inputs of the network.

    Args:
        data: the events and tables that the model may see.
        signals: how events count in the graph; actions with a weight above 0 are targets.
        device: device of all tensors.
        processes: that hold a part of the nodes of each side.
        history: [C, P] normalised weights of events, by which customers are folded in.
        learnt: whether the weights of actions are learnt.
        loss_half_life: days (positions of an order) after which a target product counts half; None
            for never. Target touchpoints do not decay, because they change slowly.
        features: side -> [n, f] float32, as `features_of` returns them; empty for none.
        contexts: whether the context values of an event are part of its context.
        horizon: days from the cut-off on that products are ranked for, see `calendar_lift`; None
            for no calendar.
    """
    ends = Ends.of(data)
    customers, products, nodes = (ends.rows[side] for side in SIDES)
    of_actions = signals.of_events(data)
    liked, used = of_actions > 0, of_actions != 0
    with_product, with_node = liked & (products >= 0), liked & (nodes >= 0)
    combinations = event_contexts(data, nodes, ends.sizes["touchpoints"], contexts)
    decayed = event_weights(data, loss_half_life, signals.durations) * of_actions
    steady, size = event_weights(data), ends.sizes["customers"]
    counts = np.bincount(nodes[with_node], steady[with_node], minlength=ends.sizes["touchpoints"])
    matrices = relation_matrices(data, signals)
    of_signals = matrices.get(OF_SIGNALS)

    def known(side: str) -> torch.Tensor:
        return torch.from_numpy(_involved(ends, side, used)[shards[side].own]).to(device)

    shards = {side: Shard(size, processes) for side, size in ends.sizes.items()}
    shards["signals"] = Shard(of_signals[SHOWN].shape[1] if of_signals else 0, processes)
    lift = calendar_lift(data, horizon) if horizon is not None else np.zeros(0, np.float32)
    return NetworkInputs(
        relations=Relations(matrices, signals.weights, learnt, device, processes),
        shards=shards,
        features={
            side: torch.from_numpy(matrix[shards[side].own]).to(device)
            for side, matrix in features.items()
        },
        known=(known("customers"), known("products")),
        active=torch.from_numpy(np.unique(customers[with_product | with_node])).to(device),
        product_targets=_product_targets(ends, with_product, combinations, decayed, device),
        touchpoint_targets=ContextTargets(
            customers[with_node],
            products[with_node],
            nodes[with_node],
            steady[with_node],
            size,
            device,
        ),
        touchpoint_counts=torch.from_numpy(counts.astype(np.float32)).to(device),
        context_value_count=sum(map(len, data.contexts.values())) if contexts else 0,
        contexts=torch.from_numpy(combinations.members).to(device),
        history=shared_graph(history, device, processes),
        calendar=torch.from_numpy(lift).to(device),
    )


def _product_targets(
    ends: Ends,
    with_product: BoolArray,
    combinations: EventContexts,
    weights: FloatArray,
    device: torch.device,
) -> ContextTargets:
    """Targets from the events [E] with a product: each without context, and again in its own."""
    in_context = with_product & (combinations.of_events >= 0)
    rows = np.concatenate([np.flatnonzero(with_product), np.flatnonzero(in_context)])
    without = np.arange(len(rows)) < with_product.sum()
    return ContextTargets(
        ends.rows["customers"][rows],
        np.where(without, -1, combinations.of_events[rows]),
        ends.rows["products"][rows],
        weights[rows],
        ends.sizes["customers"],
        device,
    )


def _involved(ends: Ends, side: str, used: BoolArray) -> BoolArray:
    """[n] bool, whether a node of the side takes part in an event that is used [E]."""
    rows = ends.rows[side]
    involved = np.zeros(ends.sizes[side], bool)
    involved[rows[used & (rows >= 0)]] = True
    return involved


def touchpoints_of_nodes(
    nodes: FloatArray, counts: FloatArray, touchpoints: int, temperature: float
) -> FloatArray:
    """Touchpoint vectors [T, dim + 2] float32 from those of their dayparts.

    A vector is the mean of the touchpoint's nodes by share of events, with the bias of all events.

    Args:
        nodes: [N, dim + 2] vectors of the nodes, one touchpoint's after the other's.
        counts: [N] weight of the events at each node.
        touchpoints: T, number of touchpoints.
        temperature: temperature of the softmax.
    """
    if not touchpoints:
        return nodes
    of_parts = counts.reshape(touchpoints, -1, 1).astype(np.float64)
    totals = of_parts.sum(axis=1)
    vectors = (nodes.reshape(*of_parts.shape[:2], -1) * of_parts).sum(axis=1)
    vectors /= np.where(totals > 0, totals, 1)
    vectors[:, -1:] = temperature * np.log1p(totals)
    averaged: FloatArray = vectors.astype(np.float32)
    return averaged


def features_of(data: Dataset) -> tuple[dict[str, FloatArray], dict[str, Mapping[str, str]]]:
    """Features as known at `data.as_of`, and how each column was used.

    Returns:
        A dict side -> [n, f] float32, scaled so that the root mean square length of a row is 1,
        without sides that have no features; and a dict table -> column -> how it was used, as in
        `UsesColumns`.
    """
    features: dict[str, FloatArray] = {}
    uses: dict[str, Mapping[str, str]] = {}
    for side, ids in (("customers", data.customers), ("products", data.products)):
        table = data.side_tables.get(side)
        terms = feature_terms(table, f"{side[:-1]}_id", ids, data.as_of_seconds)
        matrix, uses[side] = terms.matrix.toarray(), terms.encodings
        length = np.sqrt((matrix**2).sum(axis=1).mean()) if matrix.size else 0.0
        if length > 0:
            features[side] = (matrix / length).astype(np.float32)
    return features, uses
