from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import at, dataset_of, source_of

from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER
from recsys.data.queries import Queries, Split, Window
from recsys.data.source import Cutoffs
from recsys.data.split import GivenSplit, LeaveLastOut, TimeSplit
from recsys.data.splitter import Splitter
from recsys.errors import InputError

NOWHERE = source_of({"customer_id": [1]})


def split_of(data: Dataset, splitter: Splitter) -> Split:
    return splitter.split(data, NOWHERE)


def relevant(data: Dataset, queries: Queries) -> dict[Any, set[Any]]:
    """Outside customer id -> outside ids of the relevant products."""
    products_of = {}
    for row, customer in enumerate(queries.customers):
        products = queries.relevant[[row]].indices
        products_of[data.customers.ids[customer]] = set(data.products.ids[products].tolist())
    return products_of


def pairs(data: Dataset, window: Window) -> list[tuple[Any, Any]]:
    """Outside (customer, product) of the events of the past, in order."""
    events = window.past.interactions
    return [
        (data.customers.ids[c], data.products.ids[p] if p >= 0 else None)
        for c, p in zip(events.customers, events.products, strict=True)
    ]


def ordered(rows: list[tuple[Any, Any, int]], **settings: Any) -> Dataset:
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "order"])
    return dataset_of(table, **settings)


# --- by time ----------------------------------------------------------------------------


def test_two_cutoffs_on_time(shop: Dataset) -> None:
    split = split_of(shop, TimeSplit(valid_from="2026-01-05", test_from="2026-01-08"))
    assert len(split.valid.past.interactions) == 4
    # The reject of milk is no target, and the tea on the cut-off belongs to test.
    assert relevant(shop, split.valid.queries) == {"ann": {"bread"}, "bob": {"jam"}}
    assert relevant(shop, split.test.queries) == {"ann": {"jam"}, "cleo": {"tea"}}
    assert split.valid.past.as_of == at("2026-01-05")
    assert "2026-01-05" in split.description
    assert "2026-01-08" in split.description


def test_two_cutoffs_on_order() -> None:
    data = ordered([("a", "x", 1), ("a", "y", 2), ("b", "x", 3), ("a", "z", 4), ("b", "y", 5)])
    split = split_of(data, TimeSplit(valid_from=3, test_from=5))
    assert pairs(data, split.valid) == [("a", "x"), ("a", "y")]
    assert relevant(data, split.valid.queries) == {"a": {"z"}, "b": {"x"}}
    assert relevant(data, split.test.queries) == {"b": {"y"}}
    assert split.valid.past.as_of == 3
    assert split.test.past.as_of == 5


def test_cutoffs_of_the_source_are_the_default_and_yours_win(shop: Dataset) -> None:
    day = pd.Timestamp("2026-01-01", tz="UTC")
    source = source_of(
        {"customer_id": [1]},
        cutoffs=Cutoffs(
            valid_from=day + pd.Timedelta(days=4), test_from=day + pd.Timedelta(days=7)
        ),
    )
    assert TimeSplit().first_cutoff(source) == day + pd.Timedelta(days=4)
    assert len(TimeSplit().split(shop, source).valid.past.interactions) == 4
    later = TimeSplit(valid_from="2026-01-06")
    assert len(later.split(shop, source).valid.past.interactions) == 5


def test_history_counts_the_events_before_the_window(shop: Dataset) -> None:
    split = split_of(shop, TimeSplit(valid_from="2026-01-05", test_from="2026-01-08"))
    names = shop.customers.ids[split.test.queries.customers]
    history = dict(zip(names, split.test.queries.history, strict=True))
    assert history == {"ann": 3, "cleo": 0}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 20)), min_size=3, max_size=40
    ),
    st.integers(1, 19),
    st.integers(2, 20),
    st.booleans(),
)
def test_the_past_holds_nothing_at_or_after_the_cutoff(
    rows: list[tuple[int, int, int]], valid_from: int, test_from: int, filter_seen: bool
) -> None:
    data = ordered(rows, filter_seen=filter_seen)
    try:
        split = split_of(data, TimeSplit(valid_from=valid_from, test_from=test_from))
    except InputError:
        return
    for window, start, end in (
        (split.valid, valid_from, test_from), (split.test, test_from, 21),
    ):  # fmt: skip
        when = window.past.interactions.when
        assert when is not None
        assert (when < start).all()
        assert window.past.as_of == start
        assert len(when) == sum(row[2] < start for row in rows)
        wanted: dict[int, set[int]] = {}
        for customer, product, moment in rows:
            if start <= moment < end:
                wanted.setdefault(customer, set()).add(product)
        seen = {(c, p) for c, p, moment in rows if moment < start and filter_seen}
        wanted = {c: {p for p in items if (c, p) not in seen} for c, items in wanted.items()}
        assert relevant(data, window.queries) == {c: items for c, items in wanted.items() if items}


@pytest.mark.parametrize(
    ("splitter", "words"),
    [
        (TimeSplit(), "split.valid_from: .* has no cut-offs; .* split=given for a published split"),
        (
            TimeSplit(valid_from="2026-01-05"),
            "split.test_from: .* has no cut-offs",
        ),
        (TimeSplit(valid_from="soon", test_from="2026-01-08"), "split.valid_from: expected a time"),
        (TimeSplit(valid_from=3, test_from=5), "split.valid_from: expected a time, .* got 3"),
        (TimeSplit(valid_from="2026-01-08", test_from="2026-01-05"), "valid_from < test_from"),
        (TimeSplit(valid_from="2025-01-08", test_from="2026-01-05"), "first event < valid_from"),
        (TimeSplit(valid_from="2026-01-08", test_from="2027-01-05"), "test_from <= last event"),
        (TimeSplit(valid_from="2026-01-06", test_from="2026-01-06T12:00"), "no event with one of"),
        (GivenSplit(), "needs a column 'part'"),
    ],
)
def test_what_cannot_be_split_is_said(shop: Dataset, splitter: Splitter, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        split_of(shop, splitter)
    assert "\n" not in str(caught.value)


def test_positions_and_times_are_not_confused() -> None:
    data = ordered([("a", "x", 1), ("a", "y", 2), ("a", "z", 3)])
    with pytest.raises(InputError, match=r"expected a position \(whole number\)"):
        split_of(data, TimeSplit(valid_from="2026-01-01", test_from="2026-02-01"))


@pytest.mark.parametrize("splitter", [TimeSplit(valid_from=1, test_from=2), LeaveLastOut()])
def test_without_a_clock_the_way_out_is_named(splitter: Splitter) -> None:
    data = dataset_of({"customer_id": [1, 2], "product_id": [1, 2]})
    with pytest.raises(InputError, match=r"'timestamp' or 'order', .* use split=given"):
        split_of(data, splitter)


def test_a_window_of_repeats_only_is_refused_where_seen_products_leave() -> None:
    rows = [("a", "x", 1), ("a", "x", 2), ("a", "x", 3)]
    splitter = TimeSplit(valid_from=2, test_from=3)
    with pytest.raises(InputError, match=r"had before; set data\.filter_seen=false"):
        split_of(ordered(rows), splitter)
    assert len(split_of(ordered(rows, filter_seen=False), splitter).valid.queries) == 1


# --- seen and eligible ------------------------------------------------------------------


def test_seen_products_leave_ranking_and_answers_or_stay() -> None:
    rows = [("a", "x", 1), ("b", "y", 1), ("a", "x", 2), ("a", "y", 2), ("b", "z", 3)]
    splitter = TimeSplit(valid_from=2, test_from=3)
    masked = ordered(rows)
    window = split_of(masked, splitter).valid
    assert relevant(masked, window.queries) == {"a": {"y"}}
    assert window.queries.seen is not None
    assert masked.products.ids[window.queries.seen[[0]].indices].tolist() == ["x"]
    kept = ordered(rows, filter_seen=False)
    window = split_of(kept, splitter).valid
    assert relevant(kept, window.queries) == {"a": {"x", "y"}}
    assert window.queries.seen is None


def test_any_action_makes_a_product_seen() -> None:
    table = {
        "customer_id": ["a"] * 4, "product_id": ["x", "y", "x", "y"], "order": [1, 1, 2, 3],
        "action": ["view", "purchase", "purchase", "purchase"],
    }  # fmt: skip
    with pytest.raises(InputError, match="had before"):
        split_of(dataset_of(table), TimeSplit(valid_from=2, test_from=3))


def test_products_count_only_while_they_are_on_offer() -> None:
    table = {
        "customer_id": ["a"] * 3, "product_id": ["p", "q", "r"],
        "timestamp": ["2026-01-01", "2026-01-10", "2026-01-20"],
    }  # fmt: skip
    products = {
        "product_id": ["p", "q", "r", "gone", "future", "closes", "opens"],
        "valid_from": [None, None, None, None, "2026-01-20", None, "2026-01-19T23:59:59Z"],
        "valid_to": [None, None, None, "2026-01-10", None, "2026-01-10T00:00:01Z", None],
    }
    data = dataset_of(table, {"products": products})
    split = split_of(data, TimeSplit(valid_from="2026-01-10", test_from="2026-01-20"))
    on_offer = set(data.products.ids[split.valid.queries.eligible])
    assert on_offer == {"p", "q", "r", "closes", "opens"}
    assert set(data.products.ids[split.test.queries.eligible]) == {"p", "q", "r", "future", "opens"}


def test_products_of_another_type_of_id_keep_their_dates() -> None:
    table = {
        "customer_id": [1] * 3, "product_id": [1, 2, 3],
        "timestamp": ["2026-01-01", "2026-01-10", "2026-01-20"],
    }  # fmt: skip
    products = {"product_id": ["1", "2", "x"], "valid_to": ["2026-01-02", None, "2026-01-02"]}
    data = dataset_of(table, {"products": products})
    split = split_of(data, TimeSplit(valid_from="2026-01-10", test_from="2026-01-20"))
    assert set(data.products.ids[split.valid.queries.eligible]) == {"2", "3"}


# --- as published -----------------------------------------------------------------------


def published(customers: int = 40, each: int = 10) -> dict[str, Any]:
    customer = np.repeat(np.arange(customers), each + 1)
    product = np.tile(np.arange(each + 1), customers)
    return {
        "customer_id": customer,
        "product_id": product,
        "part": np.where(product == each, "test", "train"),
    }


def test_the_published_test_rows_are_the_test_window() -> None:
    data = dataset_of(published())
    split = split_of(data, GivenSplit())
    assert relevant(data, split.test.queries) == {c: {10} for c in range(40)}
    assert len(split.test.past.interactions) == 400
    assert not split.test.past.interactions.given_test.any()


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_a_share_of_train_is_valid(fraction: float) -> None:
    data = dataset_of(published(customers=200, each=10))
    split = split_of(data, GivenSplit(valid_fraction=fraction))
    held = 2000 - len(split.valid.past.interactions)
    # Rounded at random for each customer: the standard error is at most 7 of 2,000.
    assert abs(held - 2000 * fraction) < 35
    assert split.valid.queries.relevant.nnz == held
    each = np.diff(split.valid.queries.relevant.indptr)
    assert set(each) <= {int(10 * fraction), int(10 * fraction) + 1}


@pytest.mark.parametrize(("in_test", "share"), [(1, 0.1), (5, 1 / 3), (30, 0.5)])
def test_as_much_is_held_out_as_test_has(in_test: int, share: float) -> None:
    table = pd.DataFrame(published(customers=200, each=10))
    test = table[table["part"] == "test"]
    more = [test.assign(product_id=100 + product) for product in range(in_test)]
    data = dataset_of(pd.concat([table[table["part"] == "train"], *more]))
    split = split_of(data, GivenSplit())
    held = 2000 - len(split.valid.past.interactions)
    # As above; a third and a half are rounded more often.
    assert abs(held - 2000 * share) < 35
    assert split.description == f"given: {share:.3g} of train held out, seed 0"


def test_the_last_rows_of_each_customer_are_valid_where_asked() -> None:
    split = split_of(dataset_of(published()), GivenSplit(valid_fraction=0.3, held_out="last"))
    held = relevant(dataset_of(published()), split.valid.queries)
    assert held == {customer: {7, 8, 9} for customer in range(40)}
    assert split.description == "given: the last 0.3 of train held out, seed 0"


def test_the_last_are_the_latest_where_there_is_a_clock() -> None:
    table = pd.DataFrame(published(customers=6))
    table["order"] = np.where(table["part"] == "train", 100 - table["product_id"], 1000)
    data = dataset_of(table)
    split = split_of(data, GivenSplit(valid_fraction=0.2, held_out="last"))
    assert relevant(data, split.valid.queries) == {customer: {0, 1} for customer in range(6)}


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(InputError, match=r"split.held_out: expected random or last, got 'first'"):
        GivenSplit(held_out="first")


def test_nobody_loses_everything() -> None:
    table = pd.DataFrame({"customer_id": [1, 2, 2, 3, 3, 3], "product_id": [1, 1, 2, 1, 2, 3]})
    table = pd.concat([table.assign(part="train"), table[:1].assign(part="test", product_id=9)])
    data = dataset_of(table)
    split = split_of(data, GivenSplit(valid_fraction=0.99))
    past = split.valid.past
    assert (past.history_lengths == 1).all()
    assert len(past.interactions) == 3


def test_the_held_out_part_follows_its_seed() -> None:
    data = dataset_of(published())
    first, same, other = (
        relevant(data, split_of(data, GivenSplit(seed=seed)).valid.queries) for seed in (0, 0, 1)
    )
    assert first == same
    assert first != other


def test_other_actions_than_targets_are_never_held_out() -> None:
    table = pd.DataFrame(published())
    table["action"] = np.where(table["product_id"] % 2, "view", "purchase")
    data = dataset_of(table)
    window = split_of(data, GivenSplit(valid_fraction=0.5)).valid
    held = set().union(*relevant(data, window.queries).values())
    assert held <= {0, 2, 4, 6, 8}
    views = window.past.interactions.has_action(("view",))
    assert views.sum() == 40 * 5


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2])
def test_a_fraction_is_between_0_and_1(fraction: float) -> None:
    with pytest.raises(InputError, match=r"split.valid_fraction: expected a number between 0 and"):
        GivenSplit(valid_fraction=fraction)


def test_test_rows_without_a_time_are_never_in_a_past() -> None:
    table = published(customers=5, each=4)
    table["timestamp"] = np.where(table["part"] == "train", "2026-01-01", None)
    data = dataset_of(pd.DataFrame(table))
    split = split_of(data, GivenSplit(valid_fraction=0.5))
    for window in (split.valid, split.test):
        assert window.past.interactions.when.max() < NEVER
        assert (window.past.interactions.when < window.past.as_of).all()


# --- leave last out ---------------------------------------------------------------------


def test_the_last_event_is_test_and_the_one_before_valid() -> None:
    data = ordered(
        [("a", "x", 1), ("a", "y", 2), ("a", "z", 3), ("b", "x", 4), ("b", "z", 5), ("c", "y", 6)]
    )
    split = split_of(data, LeaveLastOut())
    assert relevant(data, split.test.queries) == {"a": {"z"}, "b": {"z"}, "c": {"y"}}
    assert pairs(data, split.test) == [("a", "x"), ("a", "y"), ("b", "x")]
    # c has one event only: it is test, so there is none for valid.
    assert relevant(data, split.valid.queries) == {"a": {"y"}, "b": {"x"}}
    assert pairs(data, split.valid) == [("a", "x")]


def test_events_that_are_no_target_stay_in_the_past_of_their_customer() -> None:
    table = {
        "customer_id": ["a"] * 4 + ["b"] * 2,
        "product_id": ["x", "y", "z", "w", "x", "y"],
        "action": ["purchase", "view", "purchase", "view", "view", "view"],
        "order": [1, 2, 3, 4, 5, 6],
    }
    data = dataset_of(table)
    split = split_of(data, LeaveLastOut())
    assert relevant(data, split.test.queries) == {"a": {"z"}}
    # What a did after the answer is out of the past; b is never asked and keeps all.
    assert pairs(data, split.test) == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    assert relevant(data, split.valid.queries) == {"a": {"x"}}
    assert pairs(data, split.valid) == [("b", "x"), ("b", "y")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=2, max_size=30))
def test_leave_last_out_keeps_each_customers_order(rows: list[tuple[int, int]]) -> None:
    data = ordered([(c, p, i) for i, (c, p) in enumerate(rows)], filter_seen=False)
    events = {c: [p for other, p in rows if other == c] for c, _ in rows}
    long_enough = {c for c, items in events.items() if len(items) > 1}
    if not long_enough:
        return
    split = split_of(data, LeaveLastOut())
    assert relevant(data, split.test.queries) == {c: {items[-1]} for c, items in events.items()}
    assert relevant(data, split.valid.queries) == {c: {events[c][-2]} for c in long_enough}
    assert len(split.test.past.interactions) == sum(len(e) - 1 for e in events.values())


# --- queries ----------------------------------------------------------------------------


def test_some_of_the_queries() -> None:
    data = dataset_of(published(customers=6, each=4))
    queries = split_of(data, GivenSplit()).test.queries
    some = queries.select(np.array([4, 1]))
    assert len(some) == 2
    assert some.customers.tolist() == queries.customers[[4, 1]].tolist()
    assert (some.relevant.toarray() == queries.relevant.toarray()[[4, 1]]).all()
    assert (some.seen.toarray() == queries.seen.toarray()[[4, 1]]).all()
    assert some.history.tolist() == [4, 4]


def test_a_held_out_pair_leaves_no_trace_of_another_action() -> None:
    customers = [c for c in range(40) for _ in range(8)]
    products = [p for _ in range(40) for p in (1, 1, 2, 2, 3, 3, 4, 5)]
    actions = [a for _ in range(40) for a in ["view", "purchase"] * 3 + ["purchase", "purchase"]]
    columns = {
        "customer_id": [*customers, 0],
        "product_id": [*products, 9],
        "action": [*actions, "purchase"],
        "part": ["train"] * len(customers) + ["test"],
    }
    source = source_of(columns)
    data = dataset_of(columns)
    split = GivenSplit(valid_fraction=0.3).split(data, source)
    queries = split.valid.queries
    past = split.valid.past.interactions
    held = {
        (int(customer), int(product))
        for row, customer in enumerate(queries.customers)
        for product in queries.relevant[[row]].indices
    }
    assert len(held) > 20
    assert not held & set(zip(past.customers.tolist(), past.products.tolist(), strict=True))
    # Test is asked with all of train.
    assert len(split.test.past.interactions) == len(customers)
