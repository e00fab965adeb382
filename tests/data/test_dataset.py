from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import at, dataset_of, source_of

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.fingerprint import fingerprint
from recsys.data.interactions import DAY, NEVER, microseconds, seconds

TABLE = {
    "customer_id": ["a", "b", "b"],
    "product_id": [1, 2, None],
    "touchpoint": ["app", None, "web"],
    "action": ["view", "purchase", "contact"],
    "timestamp": ["2026-01-01", "2026-01-02", "2026-01-03"],
    "value": [1.0, None, 2.0],
}
SIDE = {"products": {"product_id": [1, 2], "colour": ["red", "blue"], "price": [1.5, 2.5]}}
CHANGES = {
    "customer_id": "c", "product_id": 2, "touchpoint": "web", "action": "click",
    "timestamp": "2026-01-01T00:00:01Z", "value": 1.5,
}  # fmt: skip


def print_of(
    table: dict[str, Any] | pd.DataFrame = TABLE, side: Any = SIDE, **settings: Any
) -> str:
    source = source_of(table, side, **settings)
    return fingerprint(source, check_tables(source.load()))


# --- fingerprint ------------------------------------------------------------------------


def test_the_fingerprint_changes_with_nothing() -> None:
    assert print_of() == print_of()
    assert len(print_of()) == 64
    # Neither the index nor the seed of the shuffle nor the way a time is written is content.
    table = pd.DataFrame(TABLE, index=[5, 6, 7])
    table["timestamp"] = pd.to_datetime(table["timestamp"], utc=True)
    assert print_of(table) == print_of()
    prints = {dataset_of(TABLE, SIDE, seed=seed).fingerprint for seed in (0, 1)}
    assert prints == {print_of()}


@pytest.mark.parametrize(("column", "value"), CHANGES.items())
def test_the_fingerprint_changes_with_any_cell(column: str, value: Any) -> None:
    table = pd.DataFrame(TABLE).astype(object)
    table.loc[0, column] = value
    assert print_of(table) != print_of()


@pytest.mark.parametrize("column", ["product_id", "touchpoint", "value"])
def test_the_fingerprint_changes_with_a_null(column: str) -> None:
    table = pd.DataFrame(TABLE).astype(object)
    table.loc[0, column] = None
    assert print_of(table) != print_of()


@pytest.mark.parametrize(("column", "value"), [("colour", "green"), ("price", 1.25)])
def test_the_fingerprint_changes_with_a_side_table(column: str, value: Any) -> None:
    products = pd.DataFrame(SIDE["products"])
    products.loc[1, column] = value
    assert print_of(side={"products": products}) != print_of()
    assert print_of(side=None) != print_of()


@pytest.mark.parametrize(
    "settings",
    [{"name": "other"}, {"version": "2"}, {"targets": ("view",)}, {"filter_seen": False}],
    ids=lambda settings: next(iter(settings)),
)
def test_the_fingerprint_changes_with_the_meaning(settings: dict[str, Any]) -> None:
    assert print_of(**settings) != print_of()


def test_the_fingerprint_changes_with_names_and_numbers_of_rows_and_columns() -> None:
    renamed = pd.DataFrame(TABLE).rename(columns={"value": "weight"})
    assert print_of(renamed) != print_of()
    assert print_of(pd.DataFrame(TABLE)[:2]) != print_of()
    assert print_of(pd.DataFrame(TABLE).drop(columns="value")) != print_of()
    twice = pd.concat([pd.DataFrame(TABLE)] * 2)
    assert print_of(twice) != print_of()


def test_two_cells_that_change_places_change_the_fingerprint() -> None:
    table = pd.DataFrame({"customer_id": [1, 2], "value": [3.0, 4.0], "weight": [4.0, 3.0]})
    other = table.assign(value=table["weight"], weight=table["value"])
    assert print_of(table, None) != print_of(other, None)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8),
)
def test_equal_fingerprints_mean_equal_tables(
    left: list[tuple[int, int]], right: list[tuple[int, int]]
) -> None:
    names = ["customer_id", "product_id"]
    prints = [print_of(pd.DataFrame(rows, columns=names), None) for rows in (left, right)]
    assert (prints[0] == prints[1]) == (left == right)


# --- ids --------------------------------------------------------------------------------


def test_ids_are_shuffled_so_that_row_numbers_carry_no_meaning() -> None:
    table = {"customer_id": np.arange(200), "product_id": np.arange(200)}
    data = dataset_of(table)
    for vocabulary in (data.customers, data.products):
        assert sorted(vocabulary.ids) == list(range(200))
        # Spearman's correlation of 200 random ranks has a standard error of 0.07.
        assert abs(np.corrcoef(vocabulary.ids, np.arange(200))[0, 1]) < 0.3
    assert not (data.customers.ids == data.products.ids).all()
    assert (dataset_of(table).customers.ids == data.customers.ids).all()
    assert not (dataset_of(table, seed=1).customers.ids == data.customers.ids).all()


def test_events_keep_their_ids() -> None:
    data = dataset_of(TABLE, SIDE)
    events = data.interactions
    assert data.customers.ids[events.customers].tolist() == ["a", "b", "b"]
    assert data.products.ids[events.products[:2]].tolist() == [1, 2]
    assert events.products[2] == -1
    assert events.touchpoints[1] == -1
    assert data.touchpoints.ids.tolist() == ["app", "web"]


def test_ids_of_all_tables_get_rows() -> None:
    side = {
        "customers": {"customer_id": ["new"]},
        "products": {"product_id": [99]},
        "touchpoints": {"touchpoint": ["push"]},
        "offers": {"offer_id": ["o"], "product_id": [98]},
    }
    data = dataset_of(TABLE, side)
    assert data.customers.row("new") >= 0
    assert set(data.products.ids) == {1, 2, 98, 99}
    assert data.touchpoints.ids.tolist() == ["app", "push", "web"]
    assert data.history_lengths[data.customers.row("new")] == 0


def test_no_event_is_lost_where_tables_type_ids_differently() -> None:
    table = {"customer_id": [1, 2, 3], "product_id": [7, 8, None]}
    side = {"customers": {"customer_id": ["1", "guest"]}, "products": {"product_id": ["x"]}}
    events = dataset_of(table, side).interactions
    assert (events.customers >= 0).all()
    assert (events.products >= 0).tolist() == [True, True, False]


# --- time -------------------------------------------------------------------------------


def test_events_are_ordered_by_time() -> None:
    table = {
        "customer_id": ["a", "b", "c", "d"], "product_id": [1, 2, 3, 4],
        "timestamp": ["2026-01-02", "2026-01-01", "2026-01-02T00:00:01", "2026-01-01T00:00:01"],
    }  # fmt: skip
    data = dataset_of(table)
    assert data.customers.ids[data.interactions.customers].tolist() == ["b", "d", "a", "c"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_seconds_are_seconds_whatever_the_unit(unit: str) -> None:
    moments = pd.Series(pd.to_datetime(["1970-01-01T00:01:00", None])).dt.tz_localize("UTC")
    assert seconds(moments.dt.as_unit(unit)).tolist() == [60, NEVER]
    assert microseconds(moments.dt.as_unit(unit)).tolist() == [60_000_000, NEVER]


def test_as_of_lies_just_behind_the_last_event() -> None:
    data = dataset_of(TABLE, SIDE)
    assert data.clock == "timestamp"
    assert data.as_of == at("2026-01-03T00:00:01")
    ordered = dataset_of({"customer_id": [1, 2], "order": [5, 3]})
    assert (ordered.clock, ordered.as_of) == ("order", 6)
    timeless = dataset_of({"customer_id": [1, 2]})
    assert (timeless.clock, timeless.as_of) == (None, None)


def test_a_test_row_without_time_does_not_move_as_of() -> None:
    table = {
        "customer_id": [1, 2], "product_id": [1, 2], "timestamp": ["2026-01-01", None],
        "part": ["train", "test"],
    }  # fmt: skip
    data = dataset_of(table)
    assert data.interactions.when.tolist()[1] == NEVER
    assert data.as_of == at("2026-01-01T00:00:01")


def test_a_selection_keeps_the_world(shop: Dataset) -> None:
    some = shop.select(shop.interactions.when < shop.as_of - 3 * DAY, as_of=17)
    assert len(some.interactions) < len(shop.interactions)
    assert some.as_of == 17
    assert some.customers is shop.customers
    assert shop.select(np.ones(len(shop.interactions), bool)).as_of == shop.as_of
    # Cached properties of the whole do not stick to the part.
    assert shop.history_lengths.sum() == len(shop.interactions)
    assert some.history_lengths.sum() == len(some.interactions)
    assert len(some.is_target) == len(some.interactions)


def test_targets_need_a_product_and_the_action(shop: Dataset) -> None:
    assert shop.is_target.sum() == 7
    assert replace(shop, targets=("contact",)).is_target.sum() == 0
    assert replace(shop, targets=("view", "reject")).is_target.sum() == 2


def test_the_default_action_is_a_purchase() -> None:
    data = dataset_of({"customer_id": [1], "product_id": [1]})
    assert data.is_target.tolist() == [True]


def test_optional_columns_arrive_as_floats() -> None:
    events = dataset_of(
        {"customer_id": [1, 2], "value": [1, None], "duration": [3, 4]}
    ).interactions
    assert events.values.dtype == np.float32
    assert np.isnan(events.values).tolist() == [False, True]
    assert events.durations.tolist() == [3, 4]
    assert events.weights is None


def test_on_offer_without_dates_is_everything(shop: Dataset) -> None:
    assert shop.eligible(None, None).all()
    assert shop.eligible(0, 1).all()


def test_side_tables_keep_outside_ids() -> None:
    data = build(source := source_of(TABLE, SIDE), check_tables(source.load()))
    assert data.side_tables["products"]["product_id"].tolist() == [1, 2]
    assert set(data.side_tables) == {"products"}
