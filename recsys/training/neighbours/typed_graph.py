"""Checks of a typed graph for sampling: known numbers of nodes, edges that have a time."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from recsys.errors import InputError

EdgeType: TypeAlias = tuple[str, str, str]
"""Node type of the sources, name of the relation, node type of the targets."""

_NAMED = 5
"""Edge types that a message lists; a graph of events has dozens."""


def node_counts(graph: HeteroData) -> dict[str, int]:
    """Node type -> number of nodes.

    Raises:
        InputError: the graph does not know the number of a type.
    """
    ends = [kind for source, _, target in graph.edge_types for kind in (source, target)]
    return {kind: _count(graph, kind) for kind in dict.fromkeys([*graph.node_types, *ends])}


def timed_edges(graph: HeteroData, edge_type: EdgeType) -> tuple[Tensor, Tensor]:
    """Both ends [2, E] and times [E] of the edges of a type, int64, on the CPU.

    Raises:
        InputError: there is no such type, no time, or a node is out of range.
    """
    require_known(edge_type, graph.edge_types, "graph")
    ends = _int64(graph, edge_type, "edge_index", (2, graph[edge_type].num_edges))
    time = _int64(graph, edge_type, "time", ends.shape[1:])
    for kind, nodes in zip(edge_type[::2], ends, strict=True):
        count = _count(graph, kind)
        if len(nodes) and not (nodes.min() >= 0 and nodes.max() < count):
            raise InputError(
                f"graph[{spoken(edge_type)}].edge_index: expected nodes of type {kind} from 0 to "
                f"{count - 1}, got {int(nodes.min())} to {int(nodes.max())}; run graph.validate()"
            )
    return ends, time


def require_known(edge_type: EdgeType, known: Sequence[EdgeType], where: str) -> None:
    """Raises `InputError` where a graph with these has no such edge type."""
    if edge_type not in known:
        named = ", ".join(map(spoken, known[:_NAMED])) or "none"
        more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
        raise InputError(
            f"{where}: there is no edge type {spoken(edge_type)} in the graph; it has {named}{more}"
        )


def spoken(edge_type: EdgeType) -> str:
    """As text: (customer, view, product)."""
    return f"({', '.join(edge_type)})" if isinstance(edge_type, tuple) else repr(edge_type)


def _count(graph: HeteroData, kind: str) -> int:
    count: int | None = graph[kind].num_nodes if kind in graph.node_types else None
    if count is None:
        raise InputError(
            f"graph[{kind}]: expected to know how many nodes there are, got neither features nor "
            "num_nodes; set one of them"
        )
    return count


def _int64(graph: HeteroData, edge_type: EdgeType, name: str, shape: Sequence[int]) -> Tensor:
    tensor = graph[edge_type].get(name)
    if not isinstance(tensor, Tensor):
        came = "none"
    elif tensor.dtype != torch.int64 or tensor.shape != torch.Size(shape):
        came = f"{tensor.dtype} {list(tensor.shape)}"
    else:
        return tensor.cpu()
    raise InputError(
        f"graph[{spoken(edge_type)}].{name}: expected int64 {list(shape)}, got {came}; give the "
        "edges one, or name in neighbours only edge types that have it"
    )
