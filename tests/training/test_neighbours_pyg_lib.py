"""The way by pyg-lib asks for the same trees; a stand-in follows pyg-lib's rules in Python."""

from collections.abc import Mapping

import pytest
import torch
from neighbour_graphs import CP, random_graph
from torch import Tensor, tensor
from torch_geometric import typing as available
from torch_geometric.data import HeteroData
from torch_geometric.loader import LinkLoader
from torch_geometric.sampler import NegativeSampling, NodeSamplerInput

from recsys.training.neighbours import TemporalSampler, temporal_links
from recsys.training.neighbours.pyg_lib import StrictNeighborSampler, has_pyg_lib


def hetero_neighbor_sample(
    node_types: list[str],
    edge_types: list[tuple[str, str, str]],
    starts: Mapping[str, Tensor],
    sources: Mapping[str, Tensor],
    seeds: Mapping[str, Tensor],
    most: Mapping[str, list[int]],
    node_time: None,
    edge_time: Mapping[str, Tensor],
    seed_time: Mapping[str, Tensor],
    *options: object,
) -> tuple[object, ...]:
    """As pyg-lib 0.4 has it: trees numbered over all seeds, edges up to the moment and of it.

    Stands for `temporal_strategy="last"` only.
    """
    assert node_time is None
    assert options[-6:] == (True, False, True, True, "last", True)
    assert options[:-6] in ((), (None,))  # the weights, in later versions
    nodes: dict[str, list[tuple[int, int]]] = {kind: [] for kind in node_types}
    moments = [time for kind in seeds for time in seed_time[kind].tolist()]
    tree = 0
    for kind, ones in seeds.items():
        for node in ones.tolist():
            nodes[kind].append((tree, node))
            tree += 1
    edges: dict[str, list[tuple[int, int, int]]] = {
        "__".join(edge_type): [] for edge_type in edge_types
    }
    hops = {kind: [len(result)] for kind, result in nodes.items()}
    counted: dict[str, list[int]] = {relation: [] for relation in edges}
    for layer in range(len(next(iter(most.values())))):
        last = {kind: range(sum(hops[kind]) - hops[kind][-1], sum(hops[kind])) for kind in nodes}
        for source, name, target in edge_types:
            relation = f"{source}__{name}__{target}"
            before = len(edges[relation])
            for col in last[target]:
                tree, node = nodes[target][col]
                low, high = starts[relation][node : node + 2].tolist()
                fits = [e for e in range(low, high) if edge_time[relation][e] <= moments[tree]]
                count = most[relation][layer]
                for edge in fits if count == -1 else fits[len(fits) - min(count, len(fits)) :]:
                    reached = (tree, int(sources[relation][edge]))
                    if reached not in nodes[source]:
                        nodes[source].append(reached)
                    edges[relation].append((nodes[source].index(reached), col, edge))
            counted[relation].append(len(edges[relation]) - before)
        for kind in nodes:
            hops[kind].append(len(nodes[kind]) - sum(hops[kind]))
    tables = {
        edge_type: torch.tensor(result, dtype=torch.int64).reshape(-1, 3).t()
        for edge_type, result in edges.items()
    }
    row, col, edge = (
        {edge_type: table[part] for edge_type, table in tables.items()} for part in range(3)
    )
    pairs = {
        edge_type: torch.tensor(result).long().reshape(-1, 2) for edge_type, result in nodes.items()
    }
    return row, col, pairs, edge, hops, counted


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WITH_PYG_LIB", "WITH_EDGE_TIME_NEIGHBOR_SAMPLE"):
        monkeypatch.setattr(available, name, True)
    monkeypatch.setattr(
        torch.ops.pyg, "hetero_neighbor_sample", hetero_neighbor_sample, raising=False
    )


def trees(loader: LinkLoader) -> list[tuple]:
    """(edge to predict, edge type, edge of its trees), sorted, of all batches."""
    return sorted(
        (batch[CP].input_id[tree].item(), edge_type, edge)
        for batch in loader
        for edge_type in batch.edge_types
        for tree, edge in zip(
            batch[edge_type[2]].batch[batch[edge_type].edge_index[1]].tolist(),
            batch[edge_type].e_id.tolist(),
            strict=True,
        )
    )


@pytest.fixture
def graph() -> HeteroData:
    return random_graph(7)


@pytest.mark.parametrize("neighbours", [[-1, -1], [3, 2], {CP: [2, 2]}])
def test_the_same_trees(graph: HeteroData, neighbours: list[int]) -> None:
    ours, theirs = (
        temporal_links(graph, CP, neighbours=neighbours, batch_size=4, pyg_lib=by)
        for by in (False, None)
    )
    assert isinstance(ours.link_sampler, TemporalSampler)
    assert isinstance(theirs.link_sampler, StrictNeighborSampler)
    assert trees(ours) == trees(theirs) != []


@pytest.mark.parametrize("mode", ["binary", "triplet"])
def test_seeds_keep_their_own_times(graph: HeteroData, mode: str) -> None:
    loader = temporal_links(
        graph, CP, neighbours=[2], batch_size=4, negatives=NegativeSampling(mode)
    )
    for batch in loader:
        times = graph[CP].time[batch[CP].input_id]
        if mode == "binary":
            assert batch[CP].edge_label_time.equal(times.repeat(2))
        else:
            assert batch["p"].seed_time.equal(times)


def test_nodes_keep_their_own_times(graph: HeteroData) -> None:
    sampler = StrictNeighborSampler(graph, neighbours=[-1], strategy="latest")
    seeds = NodeSamplerInput(tensor([8]), tensor([0]), tensor([6]), "c")
    ours = TemporalSampler(graph, neighbours=[-1]).sample_from_nodes(seeds)
    theirs = sampler.sample_from_nodes(seeds)
    assert theirs.metadata == (tensor([8]), tensor([6]))
    assert seeds.time.item() == 6
    for edge_type, permutation in sampler.edge_permutation.items():
        assert sorted(permutation[theirs.edge[edge_type]]) == sorted(ours.edge[edge_type])


def test_a_pyg_lib_that_knows_no_times_of_edges_is_none(
    graph: HeteroData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(available, "WITH_EDGE_TIME_NEIGHBOR_SAMPLE", False)
    assert not has_pyg_lib()
    loader = temporal_links(graph, CP, neighbours=[2], batch_size=4)
    assert isinstance(loader.link_sampler, TemporalSampler)
