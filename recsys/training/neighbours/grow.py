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
"""Counts [R] and k -> rows [m] and positions [m], see `latest`."""


def grow(
    seeds: Seeds,
    *,
    layers: Sequence[Mapping[EdgeType, int]],
    incoming: Mapping[EdgeType, Incoming],
    counts: Mapping[str, int],
    edge_types: Sequence[EdgeType],
    draw: Draw,
) -> HeteroSamplerOutput:
    """A tree around each seed; what a layer finds is where the next one goes on.

    Args:
        seeds: roots and their moments.
        layers: most edges into a node, by edge type.
        incoming: edges of each type in `layers`.
        counts: of nodes, by type.
        edge_types: of the graph, whether followed or not.
        draw: chooses among the edges before the moment.

    Returns:
        All types of the graph, those of which nothing was found as well.
    """
    found = _planted(seeds, counts)
    # Of each layer [3, m]: numbers of sources and of targets, positions in edge_index.
    drawn = {one: [np.zeros((3, 0), np.int64)] * len(layers) for one in edge_types}
    for depth, layer in enumerate(layers):
        last = {kind: nodes.last_hop() for kind, nodes in found.items()}
        for kind, nodes in found.items():
            steps = {
                one: _step(last[one[2]], incoming[one], most, seeds.moments, draw)
                for one, most in layer.items()
                if one[0] == kind
            }
            for one, step, sources in _numbered(nodes, steps):
                drawn[one][depth] = np.stack([sources, step.targets, step.edges])
    return _output(seeds, found, drawn)


def _planted(seeds: Seeds, counts: Mapping[str, int]) -> dict[str, TreeNodes]:
    found, first = {}, 0
    for kind, count in counts.items():
        found[kind] = TreeNodes(count, np.zeros(0, np.int64), np.zeros(0, np.int64))
    for kind, nodes in seeds.nodes.items():
        found[kind] = TreeNodes(counts[kind], np.arange(first, first + len(nodes)), nodes)
        first += len(nodes)
    return found


@dataclass(frozen=True, eq=False)
class _Step:
    """Edges that one layer draws along one edge type, [m] int64 each.

    Attributes:
        trees: of both ends.
        sources: nodes of the graph.
        targets: numbers of the nodes that they lead to.
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
    """Each step with the numbers of its sources; together, so that a hop is sorted once."""
    nothing = np.zeros(0, np.int64)
    numbers = nodes.add_hop(
        np.concatenate([nothing, *(step.trees for step in steps.values())]),
        np.concatenate([nothing, *(step.sources for step in steps.values())]),
    )
    first = 0
    for one, step in steps.items():
        yield one, step, numbers[first : first + len(step.edges)]
        first += len(step.edges)


def _output(
    seeds: Seeds, found: Mapping[str, TreeNodes], drawn: Mapping[EdgeType, Sequence[IntArray]]
) -> HeteroSamplerOutput:
    whole = {one: torch.from_numpy(np.concatenate(parts, axis=1)) for one, parts in drawn.items()}
    trees_and_nodes = {kind: nodes.found() for kind, nodes in found.items()}
    return HeteroSamplerOutput(
        node={kind: torch.from_numpy(nodes) for kind, (_, nodes) in trees_and_nodes.items()},
        row={one: edges[0] for one, edges in whole.items()},
        col={one: edges[1] for one, edges in whole.items()},
        edge={one: edges[2] for one, edges in whole.items()},
        batch={
            kind: torch.from_numpy(seeds.examples[trees])
            for kind, (trees, _) in trees_and_nodes.items()
        },
        num_sampled_nodes={kind: nodes.hops for kind, nodes in found.items()},
        num_sampled_edges={one: [part.shape[1] for part in parts] for one, parts in drawn.items()},
        metadata=seeds.metadata,
    )
