"""The graph of a store: the old one plus the new parts is the one made of all events."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.dataset import Dataset
from recsys.data.sources.files import Files
from recsys.errors import InputError
from recsys.graph import event_sums
from recsys.graph.bipartite import interaction_matrix
from recsys.graph.stored_graph import StoredGraph, stored_graph

CUSTOMERS = [f"c{number}" for number in range(7)]
ROWS = st.tuples(
    st.sampled_from(CUSTOMERS),
    st.one_of(st.none(), st.sampled_from(["tea", "jam", "pie", "rum"])),
    st.one_of(st.none(), st.sampled_from(["app", "web"])),
    st.sampled_from(["view", "purchase", "reject", "contact"]),
    st.one_of(st.none(), st.sampled_from([0.0, 0.25, 1.0, 3.0])),
)
DAYS = st.lists(st.lists(ROWS, min_size=1, max_size=6), min_size=1, max_size=4)
COLUMNS = ("customer_id", "product_id", "touchpoint", "action", "weight")


def write_day(root: Path, name: str, rows: list[Any], weighted: bool = True) -> Path:
    path = root / "interactions" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    day = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[:4], "str"))
    day["weight"] = day["weight"].astype("float64")
    (day if weighted else day.drop(columns="weight")).to_parquet(path)
    return path


def write_side(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame({"touchpoint": ["app", "web"], "outbound": [True, False]})
    table.to_parquet(root / "touchpoints.parquet")


def link(root: Path, *pairs: tuple[str, str]) -> None:
    links = pd.DataFrame(pairs, columns=["id_a", "id_b"]).assign(kind="device")
    links.to_parquet(root / "identities.parquet")


def assert_equal_to_scratch(root: Path, store: Path, actions: Any = None) -> StoredGraph:
    graph = stored_graph(Files(root=str(root), store=str(store)), actions)
    data = Dataset.from_source(Files(root=str(root)))
    whole = interaction_matrix(data, actions=actions)
    np.testing.assert_array_equal(graph.customers.ids, data.customers.ids)
    np.testing.assert_array_equal(graph.products.ids, data.products.ids)
    assert graph.matrix.shape == whole.shape
    assert graph.matrix.dtype == np.float32
    for name in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(graph.matrix, name), getattr(whole, name))
    assert graph.matrix.has_sorted_indices
    return graph


@given(days=DAYS, order=st.randoms(use_true_random=False), weighted=st.booleans())
@settings(max_examples=12, deadline=None)
def test_day_by_day_the_graph_is_the_one_from_scratch(
    days: list[Any], order: Any, weighted: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("random")
    root, store = folder / "shop", folder / "store"
    write_side(root)
    numbers = list(range(len(days)))
    order.shuffle(numbers)
    for number in numbers:
        write_day(root, f"{number}.parquet", days[number], weighted)
        assert_equal_to_scratch(root, store)
    # The same events once more; then two of their customers turn out to be one person.
    write_day(root, "again.parquet", days[0], weighted)
    assert_equal_to_scratch(root, store)
    customers = sorted({row[0] for day in days for row in day})
    link(root, (customers[0], customers[-1]), ("phone", customers[0]))
    assert_equal_to_scratch(root, store)
    assert_equal_to_scratch(root, store, {"purchase": 2.0, "view": 0.5, "contact": 1.0})


def test_a_new_day_is_added_and_the_past_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, store = tmp_path / "shop", tmp_path / "store"
    write_side(root)
    added: list[list[str]] = []
    add = event_sums._added

    def noted(former: Any, parts: Any, events: Any) -> Any:
        added.append([part.about.name for part in parts])
        return add(former, parts, events)

    monkeypatch.setattr(event_sums, "_added", noted)
    write_day(
        root, "1.parquet", [("a", "tea", "app", "view", 1.0), ("b", "jam", None, "view", 2.0)]
    )
    write_day(root, "2.parquet", [("a", "tea", "web", "contact", None)])
    assert_equal_to_scratch(root, store)
    third = write_day(root, "3.parquet", [("c", "pie", "app", "purchase", 1.0)])
    graph = assert_equal_to_scratch(root, store)
    assert added == [["1.parquet", "2.parquet"], ["3.parquet"]]
    assert graph.events.changes.added == ("3.parquet",)
    assert graph.events.new_values["customer_id"] == 1
    assert_equal_to_scratch(root, store)
    assert len(added) == 2
    # What is taken away cannot be subtracted from sums of fractions: the store is added again.
    third.unlink()
    assert_equal_to_scratch(root, store)
    assert added[2:] == [["1.parquet", "2.parquet"]]


def test_batches_of_parts_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_sums, "_EVENTS", 2)
    write_side(tmp_path / "shop")
    for day in range(5):
        rows = [("a", "tea", "app", "view", 1.0), (f"c{day}", "jam", "web", "purchase", 0.25)]
        write_day(tmp_path / "shop", f"{day}.parquet", rows)
    graph = assert_equal_to_scratch(tmp_path / "shop", tmp_path / "store")
    assert graph.matrix.sum() == 5 * 1.25


def test_damaged_sums_are_added_again(tmp_path: Path) -> None:
    write_side(tmp_path / "shop")
    write_day(tmp_path / "shop", "1.parquet", [("a", "tea", "app", "view", 1.0)])
    assert_equal_to_scratch(tmp_path / "shop", tmp_path / "store")
    for name in ("data.npy", "parts.json"):
        (tmp_path / "store" / "sums" / name).write_bytes(b"x")
        assert_equal_to_scratch(tmp_path / "shop", tmp_path / "store")


def test_events_of_customers_alone_make_an_empty_graph(tmp_path: Path) -> None:
    frame = pa.table({"customer_id": ["a", "b"]}).to_pandas()
    (tmp_path / "shop").mkdir()
    frame.to_parquet(tmp_path / "shop" / "interactions.parquet")
    graph = assert_equal_to_scratch(tmp_path / "shop", tmp_path / "store")
    assert graph.matrix.shape == (2, 0)


def test_errors_are_those_of_a_load(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    write_side(root)
    with pytest.raises(InputError, match=r"data\.store: expected a folder, got none"):
        stored_graph(Files(root=str(root)))
    store = Files(root=str(root), store=str(tmp_path / "store"))
    write_day(root, "1.parquet", [("a", "tea", "app", "view", 1.0)])
    stored_graph(store)
    write_day(root, "2.parquet", [("a", "tea", "app", "look", 1.0)])
    with pytest.raises(InputError, match="interactions: row 1, column 'action': expected one of"):
        stored_graph(store)
    write_day(root, "2.parquet", [("a", "tea", "kiosk", "view", 3e18)])
    write_day(root, "3.parquet", [("a", "tea", "kiosk", "view", 3e19)])
    with pytest.raises(InputError, match="expected numbers that add up to at most"):
        stored_graph(store)
    with pytest.raises(InputError, match=r"model\.actions: no action 'buy'"):
        stored_graph(store, {"buy": 1.0})
