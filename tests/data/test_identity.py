import time
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import MemorySource

from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.tables import Tables

RULES = IdentityRules()


def tables_of(
    ids: list[Any], links: list[tuple[Any, Any]], registered: list[Any] | None = None, **more: Any
) -> Tables:
    pairs = pd.DataFrame(links, columns=["id_a", "id_b"]).assign(kind="device", **more)
    return check_tables(
        Tables(
            interactions=pd.DataFrame({"customer_id": ids, "value": range(len(ids))}),
            customers=None if registered is None else pd.DataFrame({"customer_id": registered}),
            identities=pairs,
        )
    )


def merged(tables: Tables, rules: IdentityRules = RULES, before: Any = None) -> list[Any]:
    return merge_identities(tables, rules, before).interactions["customer_id"].tolist()


def test_without_links_nothing_changes() -> None:
    tables = Tables(interactions=pd.DataFrame({"customer_id": [1, 2]}))
    assert merge_identities(tables, RULES) is tables


def test_a_group_takes_its_smallest_id() -> None:
    assert merged(tables_of(["b", "a", "z"], [("b", "a")])) == ["a", "a", "z"]
    # Numbers are compared as numbers: 9 is smaller than 10.
    assert merged(tables_of([10, 9, 3], [(10, 9)])) == [9, 9, 3]


def test_the_registered_id_wins_over_a_smaller_one() -> None:
    assert merged(tables_of(["a", "m"], [("a", "m")], registered=["m"])) == ["m", "m"]
    assert merged(tables_of([1, 5], [(1, 5)], registered=[5])) == [5, 5]


def test_chains_of_links_merge() -> None:
    links = [("d", "c"), ("b", "a"), ("c", "b")]
    assert merged(tables_of(["a", "b", "c", "d", "e"], links)) == ["a", "a", "a", "a", "e"]


def test_low_confidence_is_not_believed_and_none_counts_as_certain() -> None:
    tables = tables_of(
        ["a", "b", "c", "d"], [("a", "b"), ("a", "c"), ("a", "d")], confidence=[0.49, 0.5, None]
    )
    assert merged(tables) == ["a", "b", "a", "a"]
    assert merged(tables, IdentityRules(min_confidence=0.6)) == ["a", "b", "c", "a"]


def test_links_at_or_after_the_cutoff_are_not_used() -> None:
    tables = tables_of(
        ["a", "b", "c", "d"],
        [("a", "b"), ("a", "c"), ("a", "d")],
        timestamp=["2026-01-31T23:59:59Z", "2026-02-01", None],
    )
    cutoff = pd.Timestamp("2026-02-01", tz="UTC")
    # A link without a time was always known.
    assert merged(tables, before=cutoff) == ["a", "a", "c", "a"]
    assert merged(tables) == ["a", "a", "a", "a"]


def test_big_groups_stay_apart() -> None:
    ids = [f"c{i}" for i in range(5)]
    kiosk = [("kiosk", name) for name in ids]
    assert merged(tables_of(ids, kiosk), IdentityRules(largest=5)) == ids
    assert set(merged(tables_of(ids, kiosk), IdentityRules(largest=6))) == {"c0"}
    # The kiosk's group does not take others with it.
    tables = tables_of([*ids, "x", "y"], [*kiosk, ("x", "y")])
    assert merged(tables, IdentityRules(largest=5)) == [*ids, "x", "x"]


def test_all_tables_that_name_customers_are_renamed() -> None:
    decisions = pd.DataFrame(
        {
            "decision_id": [1], "customer_id": ["b"], "offer_id": ["o"], "touchpoint": ["app"],
            "timestamp": ["2026-01-01"], "policy": ["p"], "propensity": [1.0],
            "outcome": ["accept"], "reward": [1.0],
        }
    )  # fmt: skip
    tables = check_tables(
        Tables(
            interactions=pd.DataFrame({"customer_id": ["b"]}),
            customers=pd.DataFrame({"customer_id": ["a"]}),
            identities=pd.DataFrame({"id_a": ["a"], "id_b": ["b"], "kind": ["card"]}),
            decisions=decisions,
        )
    )
    merged = merge_identities(tables, RULES)
    assert merged.decisions is not None
    assert merged.customers is not None
    assert merged.decisions["customer_id"].tolist() == ["a"]
    assert merged.customers["customer_id"].tolist() == ["a"]


def test_numbers_and_text_name_the_same_person() -> None:
    # Customers are numbered; the links also know devices, so their ids are text.
    tables = tables_of([7, 8, 9], [(7, "device-1"), ("device-1", 8)], registered=[7, 8, 9])
    merged = merge_identities(tables, RULES)
    assert merged.interactions["customer_id"].astype(str).tolist() == ["7", "7", "9"]
    data = build(MemorySource(tables=merged), merged)
    assert (data.interactions.customers >= 0).all()
    assert len(set(data.interactions.customers.tolist())) == 2


def test_large_numbers_keep_their_digits() -> None:
    large = 2**60 + 1
    assert merged(tables_of([large, 3, 5], [(3, 5)])) == [large, 3, 3]


def test_tables_of_texts_and_numbers_keep_their_meaning_when_merged() -> None:
    # Links and decisions write ids as text, events and customers as numbers.
    decisions = pd.DataFrame(
        {
            "decision_id": [1, 2], "customer_id": ["8", "9"], "offer_id": ["o", "o"],
            "touchpoint": ["app", "app"], "timestamp": ["2026-01-01"] * 2, "policy": ["p", "p"],
            "propensity": [1.0, 1.0], "outcome": ["accept", "ignore"], "reward": [1.0, 0.0],
        }
    )  # fmt: skip
    tables = check_tables(
        Tables(
            interactions=pd.DataFrame({"customer_id": [7, 8, 9, 10]}),
            customers=pd.DataFrame({"customer_id": [7, 8, 9]}),
            identities=pd.DataFrame({"id_a": ["7", "x"], "id_b": ["8", "x"], "kind": "card"}),
            decisions=decisions,
        )
    )
    merged = merge_identities(tables, RULES)
    assert merged.interactions["customer_id"].astype(str).tolist() == ["7", "7", "9", "10"]
    assert merged.decisions is not None
    data = build(MemorySource(tables=merged), merged)
    rows = [data.customers.row(7), data.customers.row(7), data.customers.row(9)]
    assert data.interactions.customers[:3].tolist() == rows
    assert data.customers.rows(merged.decisions["customer_id"]).tolist() == rows[1:]
    assert sorted(data.customers.ids) == ["10", "7", "9"]


def test_many_links_and_customers_take_time_in_proportion() -> None:
    # Comparing every pair of these texts took 16 s.
    customers = [f"C{i:07d}" for i in range(50_000)]
    links = [(name, f"device-{name}") for name in customers[:20_000]]
    tables = tables_of([alias for _, alias in links], links, customers)
    began = time.process_time()
    assert merged(tables) == customers[:20_000]
    assert time.process_time() - began < 4


@pytest.mark.parametrize("name", ["customer_id", "value"])
def test_events_themselves_stay(name: str) -> None:
    tables = tables_of(["b", "a"], [("a", "b")])
    events = merge_identities(tables, RULES).interactions
    assert len(events) == 2
    assert events[name].notna().all()


LINKS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=15)


@settings(max_examples=40, deadline=None)
@given(LINKS, st.sets(st.integers(0, 12)), st.integers(2, 8), st.randoms(use_true_random=False))
def test_merging_is_idempotent_and_order_free(
    links: list[tuple[int, int]], registered: set[int], largest: int, shuffle: Any
) -> None:
    rules = IdentityRules(largest=largest)
    known = sorted(registered) or None
    tables = tables_of(list(range(13)), links, known)
    once = merge_identities(tables, rules)
    twice = merge_identities(once, rules)
    pd.testing.assert_frame_equal(once.interactions, twice.interactions)
    mixed = [pair[::-1] if shuffle.random() < 0.5 else pair for pair in links]
    shuffle.shuffle(mixed)
    other = merge_identities(tables_of(list(range(13)), mixed, known), rules)
    pd.testing.assert_frame_equal(once.interactions, other.interactions)


@settings(max_examples=40, deadline=None)
@given(LINKS)
def test_every_believed_link_ends_in_one_person(links: list[tuple[int, int]]) -> None:
    person = merged(tables_of(list(range(13)), links))
    assert all(person[a] == person[b] for a, b in links)
    # ... and nobody is merged without a chain of links: as many persons as a union-find counts.
    root = list(range(13))
    for a, b in links:
        root = [root[a] if r == root[b] else r for r in root]
    assert len(set(person)) == len(set(root))
