"""What sampling refuses, in one line each."""

from collections.abc import Callable

import pytest
import torch
from neighbour_graphs import CP, PC, graph_of
from torch import tensor
from torch_geometric.data import HeteroData
from torch_geometric.sampler import EdgeSamplerInput, NegativeSampling, NodeSamplerInput

from recsys.errors import InputError
from recsys.training.neighbours import TemporalSampler, temporal_links

Change = Callable[[HeteroData], object]


def graph() -> HeteroData:
    return graph_of({"c": 2, "p": 3}, {CP: [(0, 0, 5), (1, 2, 6)], PC: [(0, 0, 5), (2, 1, 6)]})


BUYS = ("c", "buys", "p")
NOTHING = tensor([], dtype=torch.int64)
SETTINGS = {
    "unknown edge type": (
        {"edge_type": BUYS},
        "edge_type: there is no edge type (c, buys, p) in the graph",
        "it has (c, has, p), (p, of, c)",
    ),
    "not an edge type": ({"edge_type": "has"}, "edge_type: there is no edge type 'has'"),
    "no layers": ({"neighbours": []}, "neighbours: expected one number a layer", "got []"),
    "a number": ({"neighbours": 10}, "neighbours: expected one number a layer", "got 10"),
    "nothing named": ({"neighbours": {}}, "neighbours: expected one number a layer", "got none"),
    "unequal": ({"neighbours": {CP: [1], PC: [1, 2]}}, "neighbours: ", "got [1] and [1, 2]"),
    "unknown named": ({"neighbours": {BUYS: [1]}}, "neighbours: there is no edge type (c, buys"),
    "none": ({"neighbours": [5, 0]}, "numbers of at least 1, or -1 for all, got 0"),
    "fewer than all": ({"neighbours": [-2]}, "numbers of at least 1, or -1 for all, got -2"),
    "a fraction": ({"neighbours": [2.5]}, "neighbours: expected whole numbers", "got 2.5"),
    "strategy": ({"strategy": "last"}, "strategy: expected latest or uniform, got 'last'"),
    "batch size": ({"batch_size": 0}, "batch_size: expected a number of edges >= 1, got 0"),
    "seed": ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
    "no edges": ({"edges": NOTHING}, "at least one edge (c, has, p) to predict, got none of 2"),
    "edge too high": ({"edges": tensor([0, 2])}, "edges: expected positions", "got 0 to 2"),
    "edge too low": ({"edges": tensor([-1])}, "edges: expected positions", "got -1 to -1"),
    "no pyg-lib": ({"pyg_lib": True}, "pyg_lib: expected pyg-lib 0.4 or later", "leave pyg_lib"),
}


def refused(attempt: Callable[[], object], *fragments: str) -> None:
    with pytest.raises(InputError) as caught:
        attempt()
    message = str(caught.value)
    assert "\n" not in message
    assert [fragment for fragment in fragments if fragment not in message] == []


@pytest.mark.parametrize("case", SETTINGS)
def test_settings(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch_geometric.typing.WITH_PYG_LIB", False)
    settings, *fragments = SETTINGS[case]
    given = {"edge_type": CP, "neighbours": [2], "batch_size": 1, **settings}
    refused(lambda: temporal_links(graph(), given.pop("edge_type"), **given), *fragments)


def without_time(changed: HeteroData) -> None:
    del changed[PC].time


def time_of(dtype: torch.dtype, count: int) -> Change:
    return lambda changed: setattr(changed[PC], "time", torch.zeros(count, dtype=dtype))


def beyond(changed: HeteroData) -> None:
    changed[PC].edge_index[0, 0] = 3


def uncounted(changed: HeteroData) -> None:
    del changed["c"].x


GRAPHS = {
    "no time": (without_time, "graph[(p, of, c)].time: expected int64 [2], got none; give the edg"),
    "floats": (time_of(torch.float32, 2), "time: expected int64 [2], got torch.float32 [2]"),
    "too few": (time_of(torch.int64, 1), "time: expected int64 [2], got torch.int64 [1]"),
    "beyond": (beyond, "edge_index: expected nodes of type p from 0 to 2, got 2 to 3"),
    "uncounted": (uncounted, "graph[c]: expected to know how many nodes there are"),
}


@pytest.mark.filterwarnings("ignore:Unable to accurately infer")
@pytest.mark.parametrize("case", GRAPHS)
def test_graphs(case: str) -> None:
    change, message = GRAPHS[case]
    changed = graph()
    change(changed)
    refused(lambda: TemporalSampler(changed, neighbours=[2]), message)
    refused(lambda: temporal_links(changed, CP, neighbours=[2], batch_size=1), message)


def test_a_graph_without_edges() -> None:
    bare = HeteroData()
    bare["c"].num_nodes = 3
    refused(lambda: TemporalSampler(bare, neighbours=[2]), "graph: expected at least one edge type")
    refused(
        lambda: temporal_links(bare, CP, neighbours=[2], batch_size=1),
        "no edge type (c, has, p) in the graph; it has none",
    )


def test_seeds_without_times() -> None:
    sampler = TemporalSampler(graph(), neighbours=[2])
    node, message = tensor([0]), "seeds: expected a time for each, got none; pass edge_label_time"
    edges = EdgeSamplerInput(None, node, node, input_type=CP)
    refused(lambda: sampler.sample_from_edges(edges), message)
    nodes = NodeSamplerInput(None, node, input_type="c")
    refused(lambda: sampler.sample_from_nodes(nodes), message)


@pytest.mark.parametrize("weight", [[1.0, 1.0], [1.0, -1, 1], [0.0, 0, 0], [float("nan"), 1, 1]])
def test_weights_of_negatives(weight: list[float]) -> None:
    negatives = NegativeSampling("triplet", dst_weight=tensor(weight))
    loader = temporal_links(
        graph(), CP, neighbours=[2], batch_size=2, negatives=negatives, pyg_lib=False
    )
    refused(lambda: next(iter(loader)), "negatives.dst_weight: expected [3] weights >= 0")
