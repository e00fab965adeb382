"""How fast trees of neighbours are sampled around edges, and that no edge in them is too late."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import cast

import torch
from torch_geometric.data import HeteroData
from torch_geometric.loader import LinkLoader
from torch_geometric.transforms import ToUndirected

from benchmarks.suite import require_at_least, seconds_in_turn
from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.source import Source
from recsys.graph.touchpoints import touchpoint_graph
from recsys.training.neighbours import temporal_links
from recsys.training.neighbours.pyg_lib import has_pyg_lib
from recsys.training.neighbours.sampler import Strategy
from recsys.training.neighbours.typed_graph import EdgeType, require_known


class NeighboursSuite:
    """Loads random edges of one type in batches, as training does, features included.

    Args:
        data: tables with a clock; edges of all types serve as neighbours, in both directions.
        edge_type: node type, action, node type of the edges to predict.
        neighbours: most edges of each type into a node, a layer outwards.
        strategy: "latest" or "uniform".
        seeds: random edges to predict, with replacement.
        batch_size: of them.
        repeats: passes in turn; medians are reported.
    """

    def __init__(
        self,
        *,
        data: Source,
        edge_type: Sequence[str] = ("customer", "view", "product"),
        neighbours: Sequence[int] = (10, 5),
        strategy: Strategy = "uniform",
        seeds: int = 10_000,
        batch_size: int = 512,
        repeats: int = 3,
    ) -> None:
        require_at_least(1, seeds=seeds, batch_size=batch_size, repeats=repeats)
        self.data, self.seeds = data, seeds
        self.edge_type = cast(EdgeType, tuple(edge_type))
        self.neighbours, self.strategy = tuple(neighbours), strategy
        self.batch_size, self.repeats = batch_size, repeats

    def figures(self) -> Mapping[str, float]:
        """Keys events, edge_types, seeds, batches, sampled_edges, later_edges and speeds.

        `later_edges` counts those that are not strictly earlier than their seed, by the times of
        the whole graph. `pyg_lib` is 1 where pyg-lib is installed, else 0; only then there is
        `pyg_lib_batches_per_second`.
        """
        dataset = build(self.data, check_tables(self.data.load()))
        graph = ToUndirected()(touchpoint_graph(dataset))
        require_known(self.edge_type, graph.edge_types, "suite.edge_type")
        loader = self._loader(graph, pyg_lib=False)
        sampled, later = _counted(loader, graph, self.edge_type)
        loaders = [loader, *([self._loader(graph, pyg_lib=True)] if has_pyg_lib() else [])]
        # A deque of length 0 consumes a loader and keeps nothing.
        passes: list[Callable[[], object]] = [
            partial(deque, batches, maxlen=0) for batches in loaders
        ]
        seconds, *pyg_lib_seconds = seconds_in_turn(self.repeats, *passes)
        figures = {
            "events": len(dataset.interactions),
            "edge_types": len(graph.edge_types),
            "seeds": self.seeds,
            "batches": len(loader),
            "sampled_edges": sampled,
            "later_edges": later,
            "batches_per_second": len(loader) / seconds,
            "edges_per_second": sampled / seconds,
            "pyg_lib": len(pyg_lib_seconds),
        }
        for taken in pyg_lib_seconds:
            figures["pyg_lib_batches_per_second"] = len(loader) / taken
        return figures

    def _loader(self, graph: HeteroData, *, pyg_lib: bool) -> LinkLoader:
        count = graph[self.edge_type].num_edges
        edges = torch.randint(count, (self.seeds,), generator=torch.Generator().manual_seed(0))
        return temporal_links(
            graph,
            self.edge_type,
            neighbours=self.neighbours,
            batch_size=self.batch_size,
            strategy=self.strategy,
            edges=edges,
            pyg_lib=pyg_lib,
        )


def _counted(loader: LinkLoader, graph: HeteroData, edge_type: EdgeType) -> tuple[int, int]:
    """Sampled edges, and those of them that are not earlier than their seed."""
    sampled = later = 0
    for batch in loader:
        moments = graph[edge_type].time[batch[edge_type].input_id]
        for neighbour_type in graph.edge_types:
            tree = batch[neighbour_type[2]].batch[batch[neighbour_type].edge_index[1]]
            times = graph[neighbour_type].time[batch[neighbour_type].e_id]
            sampled += len(times)
            later += int((times >= moments[tree]).sum())
    return sampled, later
