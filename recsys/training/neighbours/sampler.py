"""The sampler of neighbours that PyG's loaders call for each batch."""

from functools import partial
from hashlib import blake2b
from typing import Any, Literal, get_args

import numpy as np
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.sampler import (
    BaseSampler,
    EdgeSamplerInput,
    HeteroSamplerOutput,
    NegativeSampling,
    NodeSamplerInput,
)

from recsys.errors import InputError
from recsys.training.neighbours.draw import latest, uniform
from recsys.training.neighbours.fan_out import Neighbours, fan_out
from recsys.training.neighbours.grow import grow
from recsys.training.neighbours.incoming import Incoming
from recsys.training.neighbours.seeds import Seeds, of_edges, of_nodes
from recsys.training.neighbours.typed_graph import node_counts, timed_edges

Strategy = Literal["latest", "uniform"]


class TemporalSampler(BaseSampler):  # type: ignore[misc]
    """For PyG's `LinkLoader` and `NodeLoader`: a tree around each seed, of edges before its time.

    Layer by layer, edges are followed backwards from the last nodes to their sources. Messages to
    customers need edges towards customers (`torch_geometric.transforms.ToUndirected` adds the
    reverse types). Each seed has its own tree, because seeds at different times see different edges
    of the same node; in a tree each node occurs once. Both ends of an edge, and each negative, are
    seeds at the time of the edge. `batch` of a node is the position of that edge in the batch.

    Every edge of a tree is strictly earlier than its seed, so that no tree contains the edge to
    predict or its reverse. PyG's own NeighborSampler, on pyg-lib, also takes edges of the same
    moment; `StrictNeighborSampler` corrects that.

    Draws depend only on `seed` and on the seeds of the batch, not on the process or on earlier
    draws. The same batch in another epoch has the same trees.

    Args:
        graph: each edge type that is followed has `edge_index` [2, E] and `time` int64 [E].
        neighbours: most edges into a node for each layer outwards, as [10, 5]; -1 for all. A
            mapping gives them by edge type; other types are not followed.
        strategy: "latest" takes the last edges before the moment, of equal times those that come
            last in the graph; "uniform" draws without replacement.
        seed: of uniform neighbours and of negatives.

    Raises:
        InputError: an edge type has no time or does not exist, or a number of neighbours, the
            strategy or the seed is not valid.
    """

    def __init__(
        self,
        graph: HeteroData,
        *,
        neighbours: Neighbours,
        strategy: Strategy = "latest",
        seed: int = 0,
    ) -> None:
        require_strategy(strategy)
        if seed < 0:
            raise InputError(f"seed: expected a whole number of at least 0, got {seed}")
        layers = fan_out(neighbours, graph.edge_types)
        counts = node_counts(graph)
        self._grow = partial(
            grow,
            layers=layers,
            incoming={
                edge_type: Incoming.of(*timed_edges(graph, edge_type), counts[edge_type[2]])
                for edge_type in layers[0]
            },
            counts=counts,
            edge_types=graph.edge_types,
        )
        self._counts, self._strategy, self._seed = counts, strategy, seed

    def sample_from_nodes(self, index: NodeSamplerInput, **_: Any) -> HeteroSamplerOutput:
        """Trees around nodes, each with its time.

        Raises:
            InputError: the nodes have no times.
        """
        return self._trees(of_nodes(index), self._generator(index.node, index.time))

    def sample_from_edges(
        self, index: EdgeSamplerInput, neg_sampling: NegativeSampling | None = None
    ) -> HeteroSamplerOutput:
        """Trees around both ends of edges and around negatives.

        Raises:
            InputError: the edges have no times, or weights of negatives do not fit the nodes.
        """
        generator = self._generator(index.row, index.col, index.time)
        return self._trees(of_edges(index, neg_sampling, self._counts, generator), generator)

    def _trees(self, seeds: Seeds, generator: np.random.Generator) -> HeteroSamplerOutput:
        draw = latest if self._strategy == "latest" else partial(uniform, generator=generator)
        return self._grow(seeds, draw=draw)

    def _generator(self, *seeds: Tensor | None) -> np.random.Generator:
        """Seeded by the batch, so that every worker draws the same."""
        digest = blake2b(digest_size=16)
        for part in seeds:
            digest.update(b"" if part is None else part.numpy().tobytes())
        return np.random.default_rng([self._seed, int.from_bytes(digest.digest())])


def require_strategy(strategy: Strategy) -> None:
    """Raises `InputError` where there is no such strategy."""
    if strategy not in get_args(Strategy):
        raise InputError(f"strategy: expected {' or '.join(get_args(Strategy))}, got {strategy!r}")
