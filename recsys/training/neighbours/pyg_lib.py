"""PyG's own sampler, in C++ by pyg-lib, with the rules of `TemporalSampler`."""

import copy
from typing import TypeVar

import torch_geometric.typing as available
from torch_geometric.data import HeteroData
from torch_geometric.sampler import (
    EdgeSamplerInput,
    HeteroSamplerOutput,
    NegativeSampling,
    NeighborSampler,
    NodeSamplerInput,
)

from recsys.training.neighbours.fan_out import Neighbours, fan_out
from recsys.training.neighbours.sampler import Strategy, require_strategy
from recsys.training.neighbours.seeds import moments_of
from recsys.training.neighbours.typed_graph import node_counts, timed_edges

SamplerInput = TypeVar("SamplerInput", EdgeSamplerInput, NodeSamplerInput)


def has_pyg_lib() -> bool:
    """Whether pyg-lib is installed, and recent enough (0.4) to know times of edges."""
    return bool(available.WITH_PYG_LIB and available.WITH_EDGE_TIME_NEIGHBOR_SAMPLE)


class StrictNeighborSampler(NeighborSampler):  # type: ignore[misc]
    """As `TemporalSampler`, on pyg-lib.

    pyg-lib takes edges up to and at the moment of a seed; given the moment before, it takes
    strictly earlier ones. It draws from torch's global generator of the process. Do not rely on
    `batch` of negatives where their amount is a fraction.

    Args:
        graph: as for `TemporalSampler`.
        neighbours: as for `TemporalSampler`.
        strategy: as for `TemporalSampler`.

    Raises:
        InputError: as `TemporalSampler`.
    """

    def __init__(self, graph: HeteroData, *, neighbours: Neighbours, strategy: Strategy) -> None:
        require_strategy(strategy)
        layers = fan_out(neighbours, graph.edge_types)
        node_counts(graph)
        for edge_type in layers[0]:
            timed_edges(graph, edge_type)
        super().__init__(
            graph,
            num_neighbors={
                edge_type: [most.get(edge_type, 0) for most in layers]
                for edge_type in graph.edge_types
            },
            temporal_strategy="last" if strategy == "latest" else strategy,
            time_attr="time",
        )

    def sample_from_nodes(self, inputs: NodeSamplerInput) -> HeteroSamplerOutput:
        """As `TemporalSampler`."""
        return _later(super().sample_from_nodes(_earlier(inputs)))

    def sample_from_edges(
        self, inputs: EdgeSamplerInput, neg_sampling: NegativeSampling | None = None
    ) -> HeteroSamplerOutput:
        """As `TemporalSampler`."""
        return _later(super().sample_from_edges(_earlier(inputs), neg_sampling))


def _earlier(seeds: SamplerInput) -> SamplerInput:
    moments_of(seeds)
    earlier = copy.copy(seeds)
    earlier.time = seeds.time - 1
    return earlier


def _later(out: HeteroSamplerOutput) -> HeteroSamplerOutput:
    # The time of the seeds comes last, for nodes and for edges.
    *others, time = out.metadata
    out.metadata = (*others, time + 1)
    return out
