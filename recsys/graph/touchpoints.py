"""The whole graph: customers, products and touchpoints x dayparts, with typed and timed edges."""

import numpy as np
import torch
from torch_geometric.data import HeteroData

from recsys.arrays import IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import ACTION_CODES, Interactions
from recsys.graph.dayparts import DAYPARTS, contact_nodes, touchpoint_names
from recsys.graph.features import feature_matrix
from recsys.graph.signal_edges import SignalEdges


def touchpoint_graph(data: Dataset) -> HeteroData:
    """Tables as a typed graph for PyTorch Geometric; no edge lies at or after `data.as_of`.

    Nodes: `customer` [C], `product` [P] and `touchpoint` [T x 4], a touchpoint in a daypart of the
    customer's own time zone, numbered `touchpoint x 4 + daypart` ([T] without a clock of time).
    Each has `x` float32 features, as known at `data.as_of`, and `feature_names`.

    Edges, for every action that occurs: `(customer, action, product)`,
    `(customer, action, touchpoint)` and `(product, action, touchpoint)`, one an event. Each has
    `edge_index` int64 [2, E], `time` int64 [E] (units of the clock; absent without one), and, where
    the table has them, `value`, `duration` and `weight` float32 [E].

    Where the data have signals, each is a node `signal` [S] with `names`, and each moment at which
    a customer showed one an edge `(customer, shows, signal)`; `(customer, name of the signal,
    product)` where it is about a product.
    """
    graph = HeteroData()
    for name, ids in (("customer", data.customers), ("product", data.products)):
        table = data.side_tables.get(f"{name}s")
        features, names = feature_matrix(table, f"{name}_id", ids, data.as_of_seconds)
        graph[name].x = torch.from_numpy(features)
        graph[name].feature_names = names
    parts = len(DAYPARTS) if data.clock == "timestamp" else 1
    graph["touchpoint"].x = _touchpoint_features(len(data.touchpoints), parts)
    graph["touchpoint"].names = touchpoint_names(data)
    contact = contact_nodes(data)
    for action, code in ACTION_CODES.items():
        chosen = data.interactions.actions == code
        if chosen.any():
            _add_edges(graph, action, data.interactions.select(chosen), contact[chosen])
    edges = SignalEdges.of(data)
    if len(edges):
        _add_signals(graph, edges)
    return graph


def _touchpoint_features(count: int, parts: int) -> torch.Tensor:
    touchpoint = torch.eye(count).repeat_interleave(parts, dim=0)
    if parts == 1:
        return touchpoint
    return torch.hstack([touchpoint, torch.eye(parts).repeat(count, 1)])


def _add_signals(graph: HeteroData, edges: SignalEdges) -> None:
    graph["signal"].x = torch.eye(len(edges.names))
    graph["signal"].names = list(edges.names)
    kinds = {("customer", "shows", "signal"): (edges.alone, edges.signals)}
    for number, name in enumerate(edges.names):
        of_product = ~edges.alone & (edges.signals == number)
        kinds["customer", name, "product"] = (of_product, edges.products)
    for kind, (rows, targets) in kinds.items():
        if rows.any():
            pair = np.stack([edges.customers[rows], targets[rows]])
            graph[kind].edge_index = torch.from_numpy(pair)
            graph[kind].time = torch.from_numpy(edges.times[rows])


def _add_edges(graph: HeteroData, action: str, events: Interactions, contact: IntArray) -> None:
    ends = {
        "customer": events.customers.astype(np.int64),
        "product": events.products.astype(np.int64),
        "touchpoint": contact,
    }
    for source, target in (
        ("customer", "product"),
        ("customer", "touchpoint"),
        ("product", "touchpoint"),
    ):
        both = (ends[source] >= 0) & (ends[target] >= 0)
        if not both.any():
            continue
        edges = graph[source, action, target]
        pair = np.stack([ends[source][both], ends[target][both]])
        edges.edge_index = torch.from_numpy(pair)
        for name, values in (
            ("time", events.when),
            ("value", events.values),
            ("duration", events.durations),
            ("weight", events.weights),
        ):
            if values is not None:
                edges[name] = torch.from_numpy(values[both])
