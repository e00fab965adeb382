"""Mini-batches of edges with the trees of neighbours at both of their ends."""

import copy
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.loader import LinkLoader
from torch_geometric.sampler import NegativeSampling

from recsys.errors import InputError
from recsys.training.neighbours.fan_out import Neighbours
from recsys.training.neighbours.pyg_lib import StrictNeighborSampler, has_pyg_lib
from recsys.training.neighbours.sampler import Strategy, TemporalSampler
from recsys.training.neighbours.typed_graph import EdgeType, require_known, spoken, timed_edges


def temporal_links(
    graph: HeteroData,
    edge_type: EdgeType,
    *,
    neighbours: Neighbours,
    batch_size: int,
    strategy: Strategy = "latest",
    negatives: NegativeSampling | None = None,
    seed: int = 0,
    shuffle: bool = True,
    edges: Tensor | None = None,
    pyg_lib: bool | None = None,
    **options: Any,
) -> LinkLoader:
    """Batches of edges to predict, each with the edges strictly before its own time.

    A batch is a `HeteroData`: nodes of all trees with their features, `n_id` and `batch`; edges
    with their attributes, `time` among them, and `e_id`; under `edge_type` the `input_id`
    (positions in `graph[edge_type]`) and `edge_label_index`, `edge_label`, `edge_label_time`, or
    for triplets of negatives `src_index`, `dst_pos_index`, `dst_neg_index` under the node types.

    A seed gives the same batches in the same order in every epoch, with any number of workers; to
    resume, keep `loader.generator.get_state()` from before the epoch. Without `shuffle` all epochs
    are the same. pyg-lib keeps the order, but draws uniform neighbours and negatives from torch's
    global generator.

    Args:
        graph: as for `TemporalSampler`; its lists (names) do not enter batches.
        edge_type: of the edges to predict, which needs `time` int64 [E].
        neighbours: most edges into a node for each layer outwards, as for `TemporalSampler`.
        batch_size: edges to predict in a batch; negatives are not counted.
        strategy: "latest" or "uniform".
        negatives: drawn for each batch, at the times of its edges; may be true edges. None for
            none.
        seed: of order, neighbours and negatives.
        shuffle: whether each epoch has another order.
        edges: [n] int64 positions in `graph[edge_type]` of those to predict; None for all. The
            others still serve as neighbours.
        pyg_lib: whether pyg-lib samples instead of `TemporalSampler`; None uses it if installed.
        **options: of `LinkLoader` and `DataLoader`, as num_workers, drop_last, transform.

    Raises:
        InputError: an argument is out of range, an edge type is unknown or has no time, there is no
            edge to predict, or pyg_lib=True without pyg-lib.
    """
    require_known(edge_type, graph.edge_types, "edge_type")
    if batch_size < 1:
        raise InputError(f"batch_size: expected a number of edges >= 1, got {batch_size}")
    ends, time = timed_edges(graph, edge_type)
    if edges is None:
        edges = torch.arange(len(time))
    _check_edges(edges, edge_type, len(time))
    return LinkLoader(
        _without_lists(graph),
        _sampler(graph, neighbours, strategy, seed, pyg_lib),
        edge_label_index=(edge_type, ends[:, edges]),
        edge_label_time=time[edges],
        neg_sampling=negatives,
        input_id=edges,
        batch_size=batch_size,
        shuffle=shuffle,
        generator=torch.Generator().manual_seed(seed),
        **options,
    )


def _sampler(
    graph: HeteroData, neighbours: Neighbours, strategy: Strategy, seed: int, pyg_lib: bool | None
) -> TemporalSampler | StrictNeighborSampler:
    if pyg_lib and not has_pyg_lib():
        raise InputError(
            "pyg_lib: expected pyg-lib 0.4 or later, which is not installed; leave pyg_lib out to "
            "sample without it"
        )
    if pyg_lib or (pyg_lib is None and has_pyg_lib()):
        return StrictNeighborSampler(graph, neighbours=neighbours, strategy=strategy)
    return TemporalSampler(graph, neighbours=neighbours, strategy=strategy, seed=seed)


def _check_edges(edges: Tensor, edge_type: EdgeType, count: int) -> None:
    if not len(edges):
        raise InputError(
            f"edges: expected at least one edge {spoken(edge_type)} to predict, got none of {count}"
        )
    low, high = int(edges.min()), int(edges.max())
    if low < 0 or high >= count:
        raise InputError(
            f"edges: expected positions from 0 to {count - 1} of edges {spoken(edge_type)}, got "
            f"{low} to {high}"
        )


def _without_lists(graph: HeteroData) -> HeteroData:
    """Without lists: LinkLoader takes one of as many elements as nodes for a feature."""
    bare = copy.copy(graph)
    for store in bare.stores:
        for name in [name for name, value in store.items() if isinstance(value, list | tuple)]:
            del store[name]
    return bare
