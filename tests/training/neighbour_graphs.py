"""Small timed graphs, and trees of neighbours held against loops over everything."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from torch_geometric.data import HeteroData
from torch_geometric.sampler import HeteroSamplerOutput

CP, PC, PP = ("c", "has", "p"), ("p", "of", "c"), ("p", "like", "p")


def graph_of(counts: dict[str, int], edges: dict[tuple, list[tuple[int, int, int]]]) -> HeteroData:
    """Edges as (source, target, time); a node's feature is its number."""
    graph = HeteroData()
    for kind, count in counts.items():
        graph[kind].x = torch.arange(count).float()[:, None]
    for edge_type, triples in edges.items():
        table = torch.tensor(triples, dtype=torch.int64).reshape(-1, 3).t()
        graph[edge_type].edge_index, graph[edge_type].time = table[:2], table[2]
    return graph


def random_graph(seed: int) -> HeteroData:
    """Two node types, an edge type each way and one within; few moments, so that many are equal."""
    random = np.random.default_rng(seed)
    counts = {"c": int(random.integers(1, 6)), "p": int(random.integers(1, 8))}
    edges = {}
    for edge_type in (CP, PC, PP):
        size = random.integers(40)
        columns = [
            random.integers(high, size=size)
            for high in (counts[edge_type[0]], counts[edge_type[2]], 12)
        ]
        edges[edge_type] = np.column_stack(columns).tolist()
    return graph_of(counts, edges)


def check_trees(
    graph: HeteroData,
    out: HeteroSamplerOutput,
    seeds: list[tuple[str, int, int]],
    layers: Sequence[int],
    strategy: str,
) -> None:
    """Every tree is one that a loop could have drawn: seeds as (type, node, moment) in order."""
    nodes, tables = _tables(graph, out)
    trees = {kind: out.batch[kind].tolist() for kind in out.batch}
    local = {
        (trees[kind][number], kind, node): number
        for kind in nodes
        for number, node in enumerate(nodes[kind])
    }
    assert len(local) == sum(map(len, nodes.values())), "a node stands twice in a tree"
    into = defaultdict(list)
    for edge_type in graph.edge_types:
        ends = zip(
            out.row[edge_type].tolist(),
            out.col[edge_type].tolist(),
            out.edge[edge_type].tolist(),
            strict=True,
        )
        for row, col, edge in ends:
            source, target, _ = tables[edge_type][edge]
            assert nodes[edge_type[0]][row] == source
            assert nodes[edge_type[2]][col] == target
            assert trees[edge_type[0]][row] == trees[edge_type[2]][col]
            into[trees[edge_type[2]][col], edge_type, target].append(edge)
    hops: list[list[tuple]] = []
    drawn: list[Counter] = []
    frontier = [(tree, kind, node) for tree, (kind, node, _) in enumerate(seeds)]
    seen = set(frontier)
    for most in layers:
        hops.append(frontier)
        drawn.append(Counter())
        frontier = []
        for tree, kind, node in hops[-1]:
            moment = seeds[tree][2]
            for edge_type in graph.edge_types:
                if edge_type[2] != kind:
                    continue
                allowed = sorted(
                    (time, edge)
                    for edge, (_, target, time) in enumerate(tables[edge_type])
                    if target == node and time < moment
                )
                got = into.pop((tree, edge_type, node), [])
                fits = len(allowed) if most == -1 else min(most, len(allowed))
                assert len(set(got)) == len(got) == fits
                if strategy == "latest":
                    allowed = allowed[len(allowed) - fits :]
                assert set(got) <= {edge for _, edge in allowed}
                drawn[-1][edge_type] += len(got)
                for edge in got:
                    reached = (tree, edge_type[0], tables[edge_type][edge][0])
                    if reached not in seen:
                        seen.add(reached)
                        frontier.append(reached)
    hops.append(frontier)
    assert not into, "edges that no hop could draw"
    assert seen == set(local)
    _check_hops(graph, out, local, hops, drawn)


def _check_hops(
    graph: HeteroData,
    out: HeteroSamplerOutput,
    local: dict[tuple, int],
    hops: list[list[tuple]],
    drawn: list[Counter],
) -> None:
    for kind in graph.node_types:
        counts = [sum(node[1] == kind for node in hop) for hop in hops]
        assert out.num_sampled_nodes[kind] == counts
        # Those of a hop follow those of the hop before.
        hop_of = {
            local[node]: depth for depth, hop in enumerate(hops) for node in hop if node[1] == kind
        }
        in_order = [hop_of[number] for number in range(len(hop_of))]
        assert in_order == sorted(in_order)
    for edge_type in graph.edge_types:
        assert out.num_sampled_edges[edge_type] == [counter[edge_type] for counter in drawn]


def _tables(
    graph: HeteroData, out: HeteroSamplerOutput
) -> tuple[dict[str, list[int]], dict[tuple, list[tuple[int, ...]]]]:
    nodes = {kind: out.node[kind].tolist() for kind in graph.node_types}
    tables = {
        edge_type: list(
            zip(*graph[edge_type].edge_index.tolist(), graph[edge_type].time.tolist(), strict=True)
        )
        for edge_type in graph.edge_types
    }
    return nodes, tables


def later_edges(graph: HeteroData, batch: HeteroData, edge_type: tuple[str, str, str]) -> int:
    """Edges of a batch that are not strictly earlier than the edge whose tree they are in."""
    moments = graph[edge_type].time[batch[edge_type].input_id]
    later = 0
    for followed in graph.edge_types:
        rows, cols = batch[followed].edge_index
        tree = batch[followed[0]].batch[rows]
        assert torch.equal(tree, batch[followed[2]].batch[cols])
        later += int((graph[followed].time[batch[followed].e_id] >= moments[tree]).sum())
    return later
