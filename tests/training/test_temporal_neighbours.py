"""Trees of neighbours: which nodes and edges they hold, by hand and against loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neighbour_graphs import CP, PC, PP, check_trees, graph_of, random_graph
from scipy.stats import chisquare
from torch import Tensor, tensor
from torch_geometric.data import HeteroData
from torch_geometric.loader import NodeLoader
from torch_geometric.sampler import (
    EdgeSamplerInput,
    HeteroSamplerOutput,
    NegativeSampling,
    NodeSamplerInput,
)
from torch_geometric.sampler.neighbor_sampler import edge_sample

from recsys.data.interactions import NEVER
from recsys.training.neighbours import TemporalSampler

both = pytest.mark.parametrize("strategy", ["latest", "uniform"])


def from_nodes(sampler: TemporalSampler, kind: str, nodes: list[int], times: list[int]):
    return sampler.sample_from_nodes(
        NodeSamplerInput(torch.arange(len(nodes)), tensor(nodes), tensor(times), kind)
    )


def seeds_of(graph: HeteroData, edge_type: tuple, edges: Tensor) -> EdgeSamplerInput:
    row, col = graph[edge_type].edge_index[:, edges]
    time = graph[edge_type].time[edges]
    return EdgeSamplerInput(edges, row, col, time=time, input_type=edge_type)


def edges_by_example(out: HeteroSamplerOutput) -> list[tuple]:
    """(position of the seed edge, edge type, edge), sorted."""
    return sorted(
        (example, edge_type, edge)
        for edge_type in out.edge
        for example, edge in zip(
            out.batch[edge_type[2]][out.col[edge_type]].tolist(),
            out.edge[edge_type].tolist(),
            strict=True,
        )
    )


@pytest.fixture
def shop() -> HeteroData:
    """Ann (0) and Bob (1) have milk (0), bread (1) and jam (2); every edge both ways."""
    has = [(0, 0, 10), (1, 0, 20), (1, 1, 30), (0, 1, 40), (1, 2, 40), (0, 0, 50)]
    of = [(product, customer, time) for customer, product, time in has]
    return graph_of({"c": 2, "p": 3}, {CP: has, PC: of})


def test_a_tree_by_hand(shop: HeteroData) -> None:
    """Ann at 45: the last of what she had is bread (edge 3), and bread last went to her, at 40.

    She stands in her tree once, so the second layer finds nobody new.
    """
    out = from_nodes(TemporalSampler(shop, neighbours=[1, 1]), "c", [0], [45])
    assert out.node["c"].tolist() == [0]
    assert out.node["p"].tolist() == [1]
    assert (out.row[PC].tolist(), out.col[PC].tolist()) == ([0], [0])
    assert (out.row[CP].tolist(), out.col[CP].tolist()) == ([0], [0])
    assert (out.edge[PC].tolist(), out.edge[CP].tolist()) == ([3], [3])
    assert out.num_sampled_nodes == {"c": [1, 0, 0], "p": [0, 1, 0]}
    assert out.num_sampled_edges == {CP: [0, 1], PC: [1, 0]}


def test_a_wider_tree_by_hand(shop: HeteroData) -> None:
    """With all neighbours: milk at 10 and bread at 40, from which Bob is found, once."""
    out = from_nodes(TemporalSampler(shop, neighbours=[-1, -1]), "c", [0], [45])
    assert out.node["c"].tolist() == [0, 1]
    assert out.node["p"].tolist() == [0, 1]
    assert sorted(out.edge[PC].tolist()) == [0, 3]
    assert sorted(out.edge[CP].tolist()) == [0, 1, 2, 3]
    assert out.num_sampled_nodes == {"c": [1, 0, 1], "p": [0, 2, 0]}


def test_two_moments_of_one_node_are_two_trees(shop: HeteroData) -> None:
    out = from_nodes(TemporalSampler(shop, neighbours=[5]), "c", [0, 0, 0], [10, 41, 51])
    assert out.batch["c"].tolist() == [0, 1, 2]
    assert out.batch["p"].tolist() == [1, 1, 2, 2]
    assert out.node["p"].tolist() == [0, 1, 0, 1]
    assert out.batch["c"][out.col[PC]].tolist() == [1, 1, 2, 2, 2]


@both
@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 100_000),
    layers=st.lists(st.sampled_from([1, 2, 3, 7, -1]), min_size=1, max_size=3),
    trees=st.integers(1, 6),
)
def test_trees_are_what_a_loop_could_draw(
    strategy: str, seed: int, layers: list[int], trees: int
) -> None:
    graph = random_graph(seed)
    random = np.random.default_rng(seed)
    for kind in ("c", "p"):
        nodes = random.integers(graph[kind].num_nodes, size=trees).tolist()
        times = random.choice([0, 3, 6, 9, 12, NEVER], size=trees).tolist()
        out = from_nodes(
            TemporalSampler(graph, neighbours=layers, strategy=strategy, seed=seed),
            kind, nodes, times,
        )  # fmt: skip
        check_trees(
            graph, out, list(zip([kind] * trees, nodes, times, strict=True)), layers, strategy
        )


@pytest.mark.parametrize("edge_type", [CP, PC, PP])
@pytest.mark.parametrize("mode", [None, "binary", "triplet"])
def test_both_ends_of_an_edge_have_the_trees_of_their_nodes(
    edge_type: tuple, mode: str | None
) -> None:
    graph = random_graph(7)
    sampler = TemporalSampler(graph, neighbours=[3, 2])
    seeds = seeds_of(graph, edge_type, tensor([0, 1, 2]))
    negatives = mode and NegativeSampling(mode, 2)
    out = sampler.sample_from_edges(seeds, negatives)
    ends = [out.node[kind][: out.num_sampled_nodes[kind][0]] for kind in edge_type[::2]]
    if edge_type is PP:
        sources = len(ends[0]) // 2 if mode != "triplet" else 3
        ends = [ends[0][:sources], ends[0][sources:]]
    assert ends[0][:3].equal(seeds.row)
    assert ends[1][:3].equal(seeds.col)
    lengths = {None: [3, 3], "binary": [9, 9], "triplet": [3, 9]}[mode]
    assert list(map(len, ends)) == lengths
    wanted = []
    for kind, nodes in zip(edge_type[::2], ends, strict=True):
        times = seeds.time.repeat(3)[: len(nodes)]
        alone = from_nodes(sampler, kind, nodes.tolist(), times.tolist())
        wanted += [(tree % 3, edge_type, edge) for tree, edge_type, edge in edges_by_example(alone)]
    assert edges_by_example(out) == sorted(wanted)


@pytest.mark.parametrize("edge_type", [CP, PP])
@pytest.mark.parametrize("mode", [None, "binary", "triplet"])
@pytest.mark.parametrize("amount", [1, 2, 0.5])
def test_labels_are_those_of_pygs_own_sampler(
    edge_type: tuple, mode: str | None, amount: float
) -> None:
    if mode == "triplet" and amount < 1:
        return
    graph = random_graph(4)
    seeds = seeds_of(graph, edge_type, tensor([5, 1, 2, 0]))
    negatives = mode and NegativeSampling(mode, amount)
    theirs = HeteroSamplerOutput(node={}, row={}, col={}, edge={}, batch={})
    counts = {kind: graph[kind].num_nodes for kind in graph.node_types}
    edge_sample(seeds, lambda *_: theirs, counts, True, None, negatives)
    ours = TemporalSampler(graph, neighbours=[1]).sample_from_edges(seeds, negatives)
    assert len(ours.metadata) == len(theirs.metadata)
    for our, their in zip(ours.metadata, theirs.metadata, strict=True):
        assert (our is None and their is None) or (our.equal(their) and our.dtype == their.dtype)


def test_labels_of_the_caller_stay_and_negatives_are_0() -> None:
    graph = random_graph(4)
    seeds = seeds_of(graph, CP, tensor([0, 1]))
    seeds.label = tensor([3, 1])
    out = TemporalSampler(graph, neighbours=[1]).sample_from_edges(
        seeds, NegativeSampling("binary", 1.5)
    )
    assert out.metadata[2].tolist() == [3, 1, 0, 0, 0]


def test_negatives_are_drawn_by_their_weights() -> None:
    graph = graph_of({"c": 3, "p": 4}, {CP: [(0, 0, 5)] * 4_000})
    weight = tensor([1.0, 0, 3, 0])
    seeds = seeds_of(graph, CP, torch.arange(4_000))
    sampler = TemporalSampler(graph, neighbours=[1])
    out = sampler.sample_from_edges(seeds, NegativeSampling("binary", dst_weight=weight))
    drawn = torch.bincount(out.node["p"][4_000:8_000], minlength=4) / 4_000
    np.testing.assert_allclose(drawn, weight / 4, atol=0.03)
    drawn = torch.bincount(out.node["c"][4_000:8_000], minlength=3) / 4_000
    np.testing.assert_allclose(drawn, 1 / 3, atol=0.03)


def test_uniform_neighbours_are_drawn_alike_whatever_their_age() -> None:
    graph = graph_of({"c": 1, "p": 9}, {PC: [(product, 0, product) for product in range(9)]})
    sampler = TemporalSampler(graph, neighbours=[2], strategy="uniform")
    out = from_nodes(sampler, "c", [0] * 20_000, [6] * 20_000)
    counts = torch.bincount(out.edge[PC], minlength=9)
    assert counts[6:].sum() == 0
    assert chisquare(counts[:6]).pvalue > 1e-4


def test_only_what_a_mapping_names_is_followed(shop: HeteroData) -> None:
    del shop[CP].time
    out = from_nodes(TemporalSampler(shop, neighbours={PC: [5, 5]}), "c", [0], [45])
    assert sorted(out.edge[PC].tolist()) == [0, 3]
    assert out.edge[CP].tolist() == []
    assert out.num_sampled_edges == {CP: [0, 0], PC: [2, 0]}


def test_a_row_without_a_time_sees_everything_but_its_like() -> None:
    graph = graph_of({"c": 1, "p": 2}, {PC: [(0, 0, 5), (1, 0, NEVER), (1, 0, NEVER)]})
    out = from_nodes(TemporalSampler(graph, neighbours=[5]), "c", [0, 0], [NEVER, 6])
    assert out.edge[PC].tolist() == [0, 0]


def test_node_loader_takes_it_too(shop: HeteroData) -> None:
    sampler = TemporalSampler(shop, neighbours=[2])
    batch = next(iter(NodeLoader(
        shop, sampler, ("c", tensor([1, 0])), input_time=tensor([35, 15]), batch_size=2
    )))  # fmt: skip
    assert batch["c"].n_id.tolist() == [1, 0]
    assert batch["c"].seed_time.tolist() == [35, 15]
    assert batch[PC].e_id.tolist() == [1, 2, 0]
    assert batch[PC].time.tolist() == [20, 30, 10]
    assert batch["p"].x.flatten().tolist() == [0, 1, 0]
