"""Times keep their microseconds wherever events are ordered, and ties do not hang on rows."""

import math
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import at, dataset_of, source_of
from torch_geometric.sampler import NodeSamplerInput

from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND, Interactions
from recsys.data.queries import Window
from recsys.data.split import GivenSplit, LeaveLastOut
from recsys.data.vocabulary import Vocabulary
from recsys.evaluation.attribution.credit import last_touch
from recsys.evaluation.per_query import evaluate
from recsys.experiments.run import prepare
from recsys.exporting.events import events_of
from recsys.graph.silence import met_silence
from recsys.graph.time_gap import time_gap_pairs
from recsys.graph.touchpoints import touchpoint_graph
from recsys.models.acceptance import read_sends
from recsys.models.next_step import latest_before
from recsys.models.own_history import OwnHistory
from recsys.ops.temporal_counts import earlier
from recsys.reports.ladder.touchpoints import contacts
from recsys.training.neighbours import TemporalSampler

NOON = "2025-01-05T12:00:00"
EARLY, LATE = f"{NOON}.100000Z", f"{NOON}.100001Z"


def orders(table: dict[str, list[Any]]) -> list[pd.DataFrame]:
    """The rows as they are, turned round, and sorted by time."""
    frame = pd.DataFrame(table)
    return [frame, frame[::-1], frame.sort_values("timestamp")]


def asked(data: Dataset, window: Window) -> dict[str, str]:
    names = data.customers.ids[window.queries.customers]
    products = data.products.ids[window.queries.relevant.indices]
    return dict(zip(names, products, strict=True))


# --- splits -----------------------------------------------------------------------------


@pytest.mark.parametrize("how", [0, 1, 2])
def test_own_history_reads_the_event_before_the_last(how: int) -> None:
    # Of every customer: twice Y, then Y and Z within one second, Y first.
    rows = [
        (customer, product, moment)
        for customer in ("C1", "C2", "C3")
        for product, moment in (
            ("Y", "2025-01-01T00:00:01Z"), ("B", "2025-01-02T00:00:00Z"),
            ("Y", "2025-01-03T00:00:00Z"), ("Z", LATE), ("Y", EARLY),
        )
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "timestamp"])
    source = source_of(orders(table)[how], filter_seen=False)
    data, split, audit = prepare(source, LeaveLastOut())
    audit.window("test")
    assert asked(data, split.valid) == dict.fromkeys(("C1", "C2", "C3"), "Y")
    assert asked(data, split.test) == dict.fromkeys(("C1", "C2", "C3"), "Z")
    model = OwnHistory().fit(split.valid.past)
    evaluation = evaluate(model.score, split.valid.queries, [1], metrics=["recall"])
    assert evaluation.values["recall@1"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("how", [0, 1, 2])
def test_what_a_given_split_holds_out_last_came_last(how: int) -> None:
    table = orders(
        {
            "customer_id": ["a", "a", "a", "b"],
            "product_id": ["y", "z", "x", "x"],
            "timestamp": [LATE, "2025-01-04", EARLY, "2025-01-01"],
            "part": ["train", "train", "train", "test"],
        }
    )[how]
    data, split, _ = prepare(source_of(table), GivenSplit(valid_fraction=0.4, held_out="last"))
    assert asked(data, split.valid) == {"a": "y"}


@pytest.mark.parametrize("backwards", [False, True])
def test_of_one_moment_the_later_action_is_held_out_and_audited(backwards: bool) -> None:
    table = pd.DataFrame(
        {
            "customer_id": ["a"] * 4,
            "product_id": ["x", "y", "y", "y"],
            "action": ["purchase", "purchase", "accept", "view"],
            "timestamp": ["2025-01-01", EARLY, EARLY, EARLY],
        }
    )
    source = source_of(
        table[::-1] if backwards else table, filter_seen=False, targets=("accept", "purchase")
    )
    data, split, audit = prepare(source, LeaveLastOut())
    audit.window("test")
    assert asked(data, split.test) == {"a": "y"}
    past = split.test.past.interactions
    assert past.has_action(("accept",)).sum() == 1
    assert past.has_action(("purchase",)).sum() == 1


# --- graphs and models ------------------------------------------------------------------


def visits(*events: tuple[str, str, str, str], **side: Any) -> list[Dataset]:
    """Product, action, touchpoint and moment of one customer, rows both ways round."""
    table = pd.DataFrame(events, columns=["product_id", "action", "touchpoint", "timestamp"])
    table = table.replace("", None).assign(customer_id="a")
    return [dataset_of(rows, side) for rows in (table, table[::-1])]


def test_time_gaps_are_shorter_than_a_second() -> None:
    for data in visits(
        ("x", "view", "app", f"{NOON}.000Z"),
        ("y", "view", "app", f"{NOON}.250Z"),
        ("z", "view", "app", f"{NOON}.500Z"),
    ):
        pairs = time_gap_pairs(data, data.interactions.products >= 0, gap=0.5).toarray()
        x, y, z = (data.products.row(name) for name in "xyz")
        assert pairs[x, y] == pytest.approx(math.exp(-0.5), rel=1e-6)
        assert pairs[x, z] == pytest.approx(math.exp(-1), rel=1e-6)


def test_what_the_customer_did_just_before_a_contact_is_no_answer_to_it() -> None:
    outbound = {"touchpoint": ["app", "email"], "outbound": [False, True]}
    later = ("x", "view", "app", "2025-02-01")
    for moment, silent in ((EARLY, True), (f"{NOON}.100002Z", False)):
        for data in visits(
            ("x", "view", "app", moment), ("", "contact", "email", LATE), later,
            touchpoints=outbound,
        ):  # fmt: skip
            assert met_silence(data, 3).any() == silent


def test_the_last_contact_within_a_second_gets_the_credit() -> None:
    for data in visits(
        ("x", "view", "web", f"{NOON}.3Z"),
        ("x", "view", "app", f"{NOON}.7Z"),
        ("x", "purchase", "branch", f"{NOON}.9Z"),
        ("x", "view", "web", f"{NOON}.95Z"),
    ):
        journeys = contacts(data)
        assert journeys is not None
        shares = last_touch(journeys).shares
        assert shares[data.touchpoints.row("app")] == 1
        # Microseconds from each contact to the purchase, the latest last.
        assert journeys.ages[journeys.owner == 0].tolist() == [600_000, 200_000]


def test_a_next_step_knows_what_lies_microseconds_before_it() -> None:
    for data in visits(("x", "view", "app", EARLY), ("y", "view", "app", LATE)):
        events = data.interactions
        asked_at = np.array([at(f"{NOON}.100001"), at(f"{NOON}.100002")])
        latest = latest_before(
            events.customers, events.when, events.products, np.zeros(2, int), asked_at, 2
        )
        x, y = data.products.row("x"), data.products.row("y")
        assert latest.tolist() == [[x, -1], [y, x]]


def test_a_tree_of_neighbours_holds_the_edges_before_its_microsecond() -> None:
    for data in visits(("x", "view", "app", EARLY), ("y", "view", "app", LATE)):
        graph = touchpoint_graph(data)
        edge_type = ("product", "view", "customer")
        graph[edge_type].edge_index = graph["customer", "view", "product"].edge_index.flip(0)
        graph[edge_type].time = graph["customer", "view", "product"].time
        sampler = TemporalSampler(graph, neighbours=[-1])
        for moment, known in (("100001", ["x"]), ("100002", ["x", "y"])):
            seed = torch.tensor([at(f"{NOON}.{moment}")])
            batch = NodeSamplerInput(torch.arange(1), torch.tensor([0]), seed, "customer")
            nodes = sampler.sample_from_nodes(batch).node["product"].tolist()
            assert sorted(data.products.ids[nodes]) == known


def test_sends_and_answers_keep_their_microseconds() -> None:
    moments = pd.Series(pd.to_datetime([EARLY, LATE]))
    table = pd.DataFrame(
        {
            "customer_id": ["a", "a"], "offer_id": ["o", "o"], "touchpoint": ["app", "app"],
            "timestamp": moments, "outcome": ["accept", "ignore"],
            "answered_at": moments.where([True, False]), "resolved_at": moments,
        }
    )  # fmt: skip
    ids = [Vocabulary(kind, np.array([name], object)) for kind, name in (
        ("customer", "a"), ("offer", "o"), ("touchpoint", "app"),
    )]  # fmt: skip
    sends = read_sends(table, *ids)
    assert np.diff(sends.when).tolist() == [1]
    assert sends.known_before(sends.when[1]).tolist() == [True, False]


def test_an_artifact_keeps_whole_seconds() -> None:
    for data in visits(("x", "view", "app", EARLY), ("x", "view", "app", LATE)):
        assert data.as_of == at("2025-01-05T12:00:01")
        assert data.as_of_seconds == at("2025-01-05T12:00:01") // SECOND
        kept = events_of(data, None, None)
        assert kept.when is not None
        assert kept.when.tolist() == [at(NOON) // SECOND]


# --- ties and size ----------------------------------------------------------------------

EVENT = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["a", "b"]),
        "product_id": st.sampled_from(["x", "y", None]),
        "touchpoint": st.sampled_from(["app", "web", None]),
        "action": st.sampled_from(["view", "purchase"]),
        "timestamp": st.sampled_from(["2025-01-01T00:00:00.1Z", "2025-01-01T00:00:00.2Z"]),
        "value": st.sampled_from([None, 1.0, -2.0]),
        "duration": st.sampled_from([None, 3.0]),
        "weight": st.sampled_from([1.0, 2.0]),
        "context_device": st.sampled_from(["phone", "desk", None]),
        "part": st.sampled_from(["train", "test"]),
    }
)
EVERY = {
    "customer_id": "a", "product_id": "x", "touchpoint": "app", "action": "view",
    "timestamp": "2025-01-01", "value": 1.0, "duration": 1.0, "weight": 1.0, "part": "train",
}  # fmt: skip
WORLD = [
    EVERY | {"context_device": "phone"},
    EVERY | {"customer_id": "b", "product_id": "y", "touchpoint": "web", "context_device": "desk"},
]


@settings(max_examples=25, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[dict[str, Any]], shuffle: Any) -> None:
    rows = rows + WORLD
    mixed = rows.copy()
    shuffle.shuffle(mixed)
    ordered, shuffled = (dataset_of(pd.DataFrame(table)).interactions for table in (rows, mixed))
    for field in fields(Interactions):
        np.testing.assert_array_equal(getattr(ordered, field.name), getattr(shuffled, field.name))


def test_of_one_moment_a_view_comes_before_a_purchase() -> None:
    for data in visits(
        ("x", "purchase", "app", EARLY), ("y", "view", "app", EARLY), ("x", "view", "app", EARLY)
    ):
        assert data.interactions.actions.tolist() == [0, 0, 4]
        assert np.diff(data.interactions.products[:2]) > 0


def test_rows_without_a_clock_stay_as_they_are() -> None:
    data = dataset_of({"customer_id": ["b", "a", "b"], "product_id": ["y", "x", "x"]})
    assert data.customers.ids[data.interactions.customers].tolist() == ["b", "a", "b"]


def test_decades_of_many_customers_fit() -> None:
    # Customers times microseconds are more than 64 bits hold.
    people = np.arange(600_000)
    when = np.array([at("1990-01-01"), at("2025-01-01")])[people % 2]
    counts = earlier(people, when, people, when + 1)
    assert (counts == 1).all()
    assert not earlier(people, when, people, when).any()
    table = pd.DataFrame(
        {
            "customer_id": people[:200_000],
            "product_id": "x",
            "touchpoint": "app",
            "action": np.where(people[:200_000] % 2, "purchase", "view"),
            "timestamp": pd.to_datetime(when[:200_000], unit="us", utc=True),
        }
    )
    data = dataset_of(table, {"touchpoints": {"touchpoint": ["app"], "outbound": [True]}})
    assert not met_silence(data, 30).any()
    journeys = contacts(data)
    assert journeys is not None
    assert journeys.converted.sum() == 100_000
    assert journeys.unattributed.all()


def test_equal_positions_are_ordered_too() -> None:
    table = pd.DataFrame({"customer_id": ["b", "a"], "order": [1, 1]})
    for rows in (table, table[::-1]):
        assert dataset_of(rows).interactions.customers.tolist() == [0, 1]
