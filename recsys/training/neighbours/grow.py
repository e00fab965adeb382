"""Trees grown layer by layer from their seeds, as PyG's loaders expect them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch_geometric.sampler import HeteroSamplerOutput

from recsys.arrays import IntArray
from recsys.training.neighbours.fan_out import ALL
from recsys.training.neighbours.incoming import Incoming
from recsys.training.neighbours.nodes import Hop, TreeNodes
from recsys.training.neighbours.seeds import Seeds
from recsys.training.neighbours.typed_graph import EdgeType

Draw: TypeAlias = Callable[[IntArray, int], tuple[IntArray, IntArray]]
"""Counts [R] and k -> rows [m] and positions [m], as `latest`."""


def grow(
    seeds: Seeds,
    *,
    layers: Sequence[Mapping[EdgeType, int]],
    incoming: Mapping[EdgeType, Incoming],
    counts: Mapping[str, int],
    edge_types: Sequence[EdgeType],
    draw: Draw,
) -> HeteroSamplerOutput:
    """A tree around each seed; each layer continues from the nodes of the layer before.

    Args:
        seeds: roots and their moments.
        layers: most edges into a node, by edge type.
        incoming: edges of each type in `layers`.
        counts: of nodes, by type.
        edge_types: of the graph, whether followed or not.
        draw: chooses among the edges before the moment.

    Returns:
        The trees with all types of the graph, also those without a node.
    """
    trees = _roots(seeds, counts)
    # Of each layer [3, m]: numbers of sources and of targets, positions in edge_index.
    drawn = {edge_type: [np.zeros((3, 0), np.int64)] * len(layers) for edge_type in edge_types}
    for depth, layer in enumerate(layers):
        last = {kind: nodes.last_hop() for kind, nodes in trees.items()}
        for kind, nodes in trees.items():
            steps = {
                edge_type: _step(last[edge_type[2]], incoming[edge_type], most, seeds.moments, draw)
                for edge_type, most in layer.items()
                if edge_type[0] == kind
            }
            for edge_type, step, sources in _numbered(nodes, steps):
                drawn[edge_type][depth] = np.stack([sources, step.targets, step.edges])
    return _output(seeds, trees, drawn)


def _roots(seeds: Seeds, counts: Mapping[str, int]) -> dict[str, TreeNodes]:
    trees, first = {}, 0
    for kind, count in counts.items():
        trees[kind] = TreeNodes(count, np.zeros(0, np.int64), np.zeros(0, np.int64))
    for kind, nodes in seeds.nodes.items():
        trees[kind] = TreeNodes(counts[kind], np.arange(first, first + len(nodes)), nodes)
        first += len(nodes)
    return trees


@dataclass(frozen=True, eq=False)
class _Step:
    """Edges that one layer draws along one edge type, [m] int64 each.

    Attributes:
        trees: tree of both ends.
        sources: nodes of the graph.
        targets: numbers of the nodes that the edges lead to.
        edges: positions in `edge_index`.
    """

    trees: IntArray
    sources: IntArray
    targets: IntArray
    edges: IntArray


def _step(last: Hop, incoming: Incoming, most: int, moments: IntArray, draw: Draw) -> _Step:
    counts = incoming.before(last.nodes, moments[last.trees])
    rows, positions = draw(counts, int(counts.max(initial=0)) if most == ALL else most)
    edges = incoming.edges[incoming.starts[last.nodes[rows]] + positions]
    return _Step(last.trees[rows], incoming.sources[edges], last.numbers[rows], edges)


def _numbered(
    nodes: TreeNodes, steps: Mapping[EdgeType, _Step]
) -> Iterator[tuple[EdgeType, _Step, IntArray]]:
    """Each step with the numbers of its sources; all at once, so that a hop is sorted once."""
    nothing = np.zeros(0, np.int64)
    numbers = nodes.add_hop(
        np.concatenate([nothing, *(step.trees for step in steps.values())]),
        np.concatenate([nothing, *(step.sources for step in steps.values())]),
    )
    first = 0
    for edge_type, step in steps.items():
        yield edge_type, step, numbers[first : first + len(step.edges)]
        first += len(step.edges)


def _output(
    seeds: Seeds, trees: Mapping[str, TreeNodes], drawn: Mapping[EdgeType, Sequence[IntArray]]
) -> HeteroSamplerOutput:
    edges_of = {
        edge_type: torch.from_numpy(np.concatenate(parts, axis=1))
        for edge_type, parts in drawn.items()
    }
    nodes_of = {kind: nodes.by_number() for kind, nodes in trees.items()}
    return HeteroSamplerOutput(
        node={kind: torch.from_numpy(nodes) for kind, (_, nodes) in nodes_of.items()},
        row={edge_type: edges[0] for edge_type, edges in edges_of.items()},
        col={edge_type: edges[1] for edge_type, edges in edges_of.items()},
        edge={edge_type: edges[2] for edge_type, edges in edges_of.items()},
        batch={
            kind: torch.from_numpy(seeds.examples[tree]) for kind, (tree, _) in nodes_of.items()
        },
        num_sampled_nodes={kind: nodes.hops for kind, nodes in trees.items()},
        num_sampled_edges={
            edge_type: [part.shape[1] for part in parts] for edge_type, parts in drawn.items()
        },
        metadata=seeds.metadata,
    )
