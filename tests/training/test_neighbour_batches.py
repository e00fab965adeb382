"""Batches out of LinkLoader: what they carry, that none sees its future, and that models learn."""

from collections.abc import Iterator

import pytest
import torch
from neighbour_graphs import CP, PC, graph_of, later_edges
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn, tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_geometric.data import HeteroData
from torch_geometric.nn import HeteroConv, SAGEConv, to_hetero
from torch_geometric.sampler import NegativeSampling
from torch_geometric.transforms import ToUndirected
from torch_geometric.utils import trim_to_layer

from benchmarks.neighbours import NeighboursSuite
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.graph.touchpoints import touchpoint_graph
from recsys.simulation import SimulatedMarket
from recsys.training.neighbours import temporal_links
from recsys.training.neighbours.pyg_lib import has_pyg_lib

VIEW = ("customer", "view", "product")


@pytest.fixture(scope="module")
def market() -> HeteroData:
    """Customers, products and touchpoints of 30,000 simulated events, edges both ways."""
    source = SimulatedMarket(events=30_000)
    return ToUndirected()(touchpoint_graph(build(source, check_tables(source.load()))))


def random_edges(graph: HeteroData, count: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(graph[VIEW].num_edges, (count,), generator=generator)


@pytest.mark.parametrize("strategy", ["latest", "uniform"])
def test_no_edge_is_later_than_any_of_10_000_seeds(market: HeteroData, strategy: str) -> None:
    loader = temporal_links(
        market, VIEW, neighbours=[5, 3], batch_size=1_000, strategy=strategy,
        edges=random_edges(market, 10_000), pyg_lib=False,
    )  # fmt: skip
    seeds = 0
    for batch in loader:
        assert later_edges(market, batch, VIEW) == 0
        assert sum(batch[edge_type].num_edges for edge_type in batch.edge_types) > 10_000
        seeds += len(batch[VIEW].input_id)
    assert seeds == 10_000


@pytest.fixture
def batch(market: HeteroData) -> HeteroData:
    loader = temporal_links(
        market, VIEW, neighbours=[4, 3], batch_size=64, edges=random_edges(market, 200),
        negatives=NegativeSampling("binary", 2), pyg_lib=False,
    )  # fmt: skip
    return next(iter(loader))


def test_a_batch_carries_what_it_is_made_of(market: HeteroData, batch: HeteroData) -> None:
    edges = batch[VIEW]
    for kind in market.node_types:
        assert batch[kind].x.equal(market[kind].x[batch[kind].n_id])
    for edge_type in market.edge_types:
        e_id = batch[edge_type].e_id
        assert batch[edge_type].time.equal(market[edge_type].time[e_id])
        rows, cols = batch[edge_type].edge_index
        ends = torch.stack([batch[edge_type[0]].n_id[rows], batch[edge_type[2]].n_id[cols]])
        assert ends.equal(market[edge_type].edge_index[:, e_id])
    sources, targets = edges.edge_label_index
    ends = torch.stack([batch["customer"].n_id[sources], batch["product"].n_id[targets]])
    assert ends[:, :64].equal(market[VIEW].edge_index[:, edges.input_id])
    assert edges.edge_label.tolist() == [1] * 64 + [0] * 128
    assert edges.edge_label_time.equal(market[VIEW].time[edges.input_id].repeat(3))
    # A negative belongs to the edge whose time it has, at both of its ends.
    assert batch["customer"].batch[sources].equal(torch.arange(64).repeat(3))
    assert batch["product"].batch[targets].equal(torch.arange(64).repeat(3))


def test_a_seed_finds_neither_itself_nor_its_reverse(market: HeteroData, batch: HeteroData) -> None:
    for edge_type in (VIEW, ("product", "rev_view", "customer")):
        tree = batch[edge_type[2]].batch[batch[edge_type].edge_index[1]]
        assert not (batch[edge_type].e_id == batch[VIEW].input_id[tree]).any()


def test_triplets(market: HeteroData) -> None:
    loader = temporal_links(
        market, VIEW, neighbours=[3], batch_size=50, edges=random_edges(market, 100),
        negatives=NegativeSampling("triplet", 4), pyg_lib=False,
    )  # fmt: skip
    for batch in loader:
        customers, products = batch["customer"], batch["product"]
        ends = market[VIEW].edge_index[:, batch[VIEW].input_id]
        assert customers.n_id[customers.src_index].equal(ends[0])
        assert products.n_id[products.dst_pos_index].equal(ends[1])
        assert products.dst_neg_index.shape == (50, 4)
        numbers = torch.arange(50)[:, None].expand(-1, 4)
        assert products.batch[products.dst_neg_index].equal(numbers)
        assert later_edges(market, batch, VIEW) == 0


def epochs(graph: HeteroData, count: int, **settings: object) -> Iterator[list[Tensor]]:
    loader = temporal_links(
        graph, VIEW, neighbours=[2, 2], batch_size=40, strategy="uniform",
        edges=random_edges(graph, 120), negatives=NegativeSampling("binary"), pyg_lib=False,
        **settings,
    )  # fmt: skip
    for _ in range(count):
        yield [
            part
            for batch in loader
            for part in (batch[VIEW].input_id, batch["product"].n_id, batch[VIEW].e_id)
        ]


def same(left: list[Tensor], right: list[Tensor]) -> bool:
    return all(map(torch.equal, left, right))


def test_a_seed_gives_the_same_batches_with_any_number_of_workers(market: HeteroData) -> None:
    alone, second = epochs(market, 2, seed=3)
    assert not same(alone, second)
    torch.manual_seed(99)  # what others draw does not matter
    for edge_type, with_workers in zip(
        (alone, second), epochs(market, 2, seed=3, num_workers=2), strict=True
    ):
        assert same(edge_type, with_workers)
    assert not same(alone, next(epochs(market, 1, seed=4)))


def test_without_shuffle_epochs_are_alike_and_in_order(market: HeteroData) -> None:
    first, second = epochs(market, 2, shuffle=False)
    assert same(first, second)
    assert first[0].equal(random_edges(market, 120)[:40])
    other = next(epochs(market, 1, shuffle=False, seed=1))
    assert first[0].equal(other[0])
    assert not first[1].equal(other[1])


def test_a_loader_goes_on_where_another_stopped(market: HeteroData) -> None:
    stopped, other = (
        temporal_links(market, VIEW, neighbours=[1], batch_size=5_000, pyg_lib=False)
        for _ in range(2)
    )
    orders = []
    for _ in range(2):
        state = stopped.generator.get_state()
        orders.append([batch[VIEW].input_id for batch in stopped])
    other.generator.set_state(state)
    again = [batch[VIEW].input_id for batch in other]
    assert same(again, orders[1])
    assert not same(again, orders[0])


def test_names_of_nodes_do_not_enter_batches(shop: Dataset) -> None:
    graph = ToUndirected()(touchpoint_graph(shop))
    edge_type = ("customer", "purchase", "product")
    loader = temporal_links(graph, edge_type, neighbours=[2], batch_size=3, pyg_lib=False)
    for batch in loader:
        assert "names" not in batch["touchpoint"]
        assert later_edges(graph, batch, edge_type) == 0
    assert "names" in graph["touchpoint"]


def test_trimming_to_a_layer_changes_no_seed(market: HeteroData, batch: HeteroData) -> None:
    """Models that trim rely on hops that follow each other, among nodes and among edges."""
    torch.manual_seed(0)
    first, second = (
        HeteroConv({edge_type: SAGEConv((-1, -1), 4) for edge_type in market.edge_types})
        for _ in range(2)
    )
    hidden = first(batch.x_dict, batch.edge_index_dict)
    full = second(hidden, batch.edge_index_dict)
    hops = batch.num_sampled_nodes_dict, batch.num_sampled_edges_dict
    nearer, edge_index, _ = trim_to_layer(1, *hops, hidden, batch.edge_index_dict)
    trimmed = second(nearer, edge_index)
    for kind in ("customer", "product"):
        assert len(nearer[kind]) < len(hidden[kind])
        assert hidden[kind].isfinite().all()
        seeds = hops[0][kind][0]
        torch.testing.assert_close(trimmed[kind][:seeds], full[kind][:seeds])


class Sage(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.first = SAGEConv((-1, -1), dim)
        self.second = SAGEConv((-1, -1), dim)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        return self.second(self.first(x, edge_index).relu(), edge_index)


def blocks() -> HeteroData:
    """Customers of four kinds, each with the products of its own; products alone have features."""
    generator = torch.Generator().manual_seed(0)
    events = 4_000
    customers = torch.randint(200, (events,), generator=generator)
    products = customers % 4 + 4 * torch.randint(10, (events,), generator=generator)
    times = torch.arange(events)
    has = torch.stack([customers, products, times], dim=1).tolist()
    of = torch.stack([products, customers, times], dim=1).tolist()
    graph = graph_of({"c": 200, "p": 40}, {CP: has, PC: of})
    graph["c"].x = torch.ones(200, 1)
    graph["p"].x = torch.eye(40)
    return graph


def test_two_layers_learn_who_likes_what() -> None:
    graph = blocks()
    torch.manual_seed(0)
    model = to_hetero(Sage(16), graph.metadata())
    settings = {
        "neighbours": [8, 4], "batch_size": 100, "negatives": NegativeSampling("binary"),
        "pyg_lib": False,
    }  # fmt: skip

    def scored(batch: HeteroData) -> tuple[Tensor, Tensor]:
        vectors = model(batch.x_dict, batch.edge_index_dict)
        sources, targets = batch[CP].edge_label_index
        return (vectors["c"][sources] * vectors["p"][targets]).sum(1), batch[CP].edge_label

    train = temporal_links(graph, CP, edges=torch.arange(500, 3_500), **settings)
    scored(next(iter(train)))  # layers take their shapes from the first batch
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(5):
        for batch in train:
            loss = binary_cross_entropy_with_logits(*scored(batch))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    held_out = temporal_links(graph, CP, edges=torch.arange(3_500, 4_000), **settings)
    with torch.no_grad():
        scores, labels = map(torch.cat, zip(*map(scored, held_out), strict=True))
    # A negative in four is of the customer's own kind: the best that can be had is 0.875.
    assert roc_auc_score(labels, scores) > 0.8


def test_edges_are_numbered_as_in_the_graph() -> None:
    graph = blocks()
    loader = temporal_links(
        graph, CP, neighbours=[2], batch_size=2, edges=tensor([7, 3_000, 21]), pyg_lib=False
    )
    result = torch.cat([batch[CP].input_id for batch in loader])
    assert sorted(result.tolist()) == [7, 21, 3_000]


def test_the_suite_counts_no_later_edge() -> None:
    suite = NeighboursSuite(
        data=SimulatedMarket(events=2_000), neighbours=[3, 2], seeds=200, batch_size=64, repeats=1
    )
    figures = suite.figures()
    assert figures["batches"] == 4
    assert figures["later_edges"] == 0
    assert figures["sampled_edges"] > 2_000
    assert ("pyg_lib_batches_per_second" in figures) == has_pyg_lib() == bool(figures["pyg_lib"])
