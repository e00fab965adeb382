"""The typed graph: which nodes and edges a few events make, and when."""

import numpy as np
import pandas as pd
import pytest
from in_memory import at

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.source import Cutoffs
from recsys.data.tables import Tables
from recsys.graph.dayparts import DAYPARTS, touchpoint_names
from recsys.graph.features import as_of, feature_matrix
from recsys.graph.touchpoints import touchpoint_graph


class Given:
    name = "given"
    version = "1"
    cutoffs: Cutoffs | None = None
    filter_seen = True
    targets = ("purchase",)

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def load(self) -> Tables:
        return self.tables


def dataset(**tables: pd.DataFrame) -> Dataset:
    source = Given(Tables(**tables))
    return build(source, check_tables(source.load()))


@pytest.fixture
def data() -> Dataset:
    return dataset(
        interactions=pd.DataFrame(
            {
                "customer_id": ["ada", "ada", "bob"],
                "product_id": ["card", None, "loan"],
                "touchpoint": ["app", "branch", "app"],
                "action": ["view", "contact", "purchase"],
                "timestamp": ["2026-01-01T02:00Z", "2026-01-02T13:00Z", "2026-01-03T23:00Z"],
                "value": [None, None, 5.0],
            }
        ),
        customers=pd.DataFrame(
            {
                "customer_id": ["ada", "bob"],
                "age": [30, 50],
                "time_zone": ["Asia/Tokyo", "UTC"],
            }
        ),
    )


def test_nodes_are_customers_products_and_touchpoints_by_daypart(data: Dataset) -> None:
    graph = touchpoint_graph(data)
    assert graph["customer"].num_nodes == 2
    assert graph["product"].num_nodes == 2
    assert graph["touchpoint"].num_nodes == 2 * len(DAYPARTS)
    assert touchpoint_names(data)[:4] == [
        "app night",
        "app morning",
        "app afternoon",
        "app evening",
    ]
    assert graph.validate()


def test_an_edge_stands_for_one_event_with_its_time_and_value(data: Dataset) -> None:
    graph = touchpoint_graph(data)
    edges = graph["customer", "purchase", "product"]
    bob, loan = data.customers.row("bob"), data.products.row("loan")
    assert edges.edge_index.tolist() == [[bob], [loan]]
    assert edges.time.tolist() == [at("2026-01-03T23:00")]
    assert edges.value.tolist() == [5.0]
    assert ("customer", "contact", "product") not in graph.edge_types


def test_dayparts_follow_the_customers_own_clock(data: Dataset) -> None:
    graph = touchpoint_graph(data)
    names = touchpoint_names(data)
    # 02:00 UTC is 11:00 in Tokyo; 13:00 UTC is 22:00 there; Bob lives by UTC.
    seen = graph["customer", "view", "touchpoint"].edge_index[1].tolist()
    assert [names[node] for node in seen] == ["app morning"]
    contacted = graph["customer", "contact", "touchpoint"].edge_index[1].tolist()
    assert [names[node] for node in contacted] == ["branch evening"]
    bought = graph["product", "purchase", "touchpoint"].edge_index[1].tolist()
    assert [names[node] for node in bought] == ["app evening"]


def test_edges_stop_at_the_cut_off(data: Dataset) -> None:
    cutoff = at("2026-01-03")
    when = data.interactions.when
    assert when is not None
    past = touchpoint_graph(data.select(when < cutoff, as_of=cutoff))
    assert ("customer", "purchase", "product") not in past.edge_types
    for edge_type in past.edge_types:
        assert past[edge_type].time.max() < cutoff


def test_without_a_clock_of_time_there_are_no_dayparts() -> None:
    data = dataset(
        interactions=pd.DataFrame(
            {"customer_id": [1, 2], "product_id": [7, 8], "touchpoint": ["web", "web"],
             "order": [1, 2]}
        )
    )  # fmt: skip
    graph = touchpoint_graph(data)
    assert graph["touchpoint"].num_nodes == 1
    assert touchpoint_names(data) == ["web"]


def test_features_are_taken_as_of_the_cut_off() -> None:
    table = pd.DataFrame(
        {
            "customer_id": ["ada", "ada", "bob"],
            "income": [10.0, 90.0, 30.0],
            "valid_from": pd.to_datetime(["2026-01-01", "2026-03-01", "2026-01-01"], utc=True),
        }
    )
    before = int(pd.Timestamp("2026-02-01", tz="UTC").timestamp())
    known = as_of(table, "customer_id", before).set_index("customer_id")
    assert known.loc["ada", "income"] == 10.0
    latest = as_of(table, "customer_id", None).set_index("customer_id")
    assert latest.loc["ada", "income"] == 90.0


def test_feature_columns_numbers_flags_categories_and_gaps() -> None:
    data = dataset(
        interactions=pd.DataFrame({"customer_id": ["a", "b", "c"], "product_id": [1, 1, 1]}),
        customers=pd.DataFrame(
            {
                "customer_id": ["a", "b"],
                "age": [20.0, 40.0],
                "income": [1.0, None],
                "segment": ["x", "y"],
                "vip": [True, False],
            }
        ),
    )
    matrix, names = feature_matrix(
        data.side_tables["customers"], "customer_id", data.customers, None
    )
    assert names == ["age", "income", "income missing", "segment=x", "segment=y", "vip"]
    by_id = {id_: matrix[data.customers.row(id_)].tolist() for id_ in "abc"}
    assert by_id["a"] == [-1.0, 0.0, 0.0, 1.0, 0.0, 1.0]
    assert by_id["b"] == [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    assert by_id["c"] == [0.0] * 6
    assert matrix.dtype == np.float32
