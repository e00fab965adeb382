"""What several records of one person say together, whatever the order of their rows."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.check import check_tables
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.tables import Tables
from recsys.graph.features import as_of

EVENTS = pd.DataFrame({"customer_id": ["C1"], "product_id": ["p"], "timestamp": ["2025-06-01"]})
OF_ALL = pd.DataFrame(
    {"customer_id": [f"c{i}" for i in range(6)], "product_id": "p", "timestamp": "2025-06-01"}
)


def merged(
    rows: list[dict[str, Any]], links: list[tuple[str, str]], interactions: pd.DataFrame = EVENTS
) -> pd.DataFrame:
    tables = check_tables(
        Tables(
            interactions=interactions,
            customers=pd.DataFrame(rows),
            identities=pd.DataFrame(links, columns=["id_a", "id_b"]).assign(kind="card"),
        )
    )
    customers = merge_identities(tables, IdentityRules()).customers
    assert customers is not None
    return customers


def said(table: pd.DataFrame, person: Any = "C1", moment: str | None = None) -> dict[str, Any]:
    at = None if moment is None else int(pd.Timestamp(moment, tz="UTC").timestamp())
    known = as_of(table, "customer_id", at)
    row = known[known["customer_id"].astype(str) == str(person)]
    assert len(row) == 1
    return row.iloc[0].to_dict()


@pytest.mark.parametrize("backwards", [False, True])
def test_a_no_stands_whichever_row_comes_last(backwards: bool) -> None:
    rows = [
        {"customer_id": "C1", "consent_app": False, "consent_web": True},
        {"customer_id": "C2", "consent_app": True, "consent_web": True},
        {"customer_id": "C3", "consent_app": True, "consent_web": False},
        {"customer_id": "D", "consent_app": True, "consent_web": True},
    ]
    joined = merged(rows[::-1] if backwards else rows, [("C1", "C2"), ("C2", "C3")])
    assert not said(joined)["consent_app"]
    assert not said(joined)["consent_web"]
    assert said(joined, "D")["consent_app"]


@pytest.mark.parametrize("backwards", [False, True])
def test_each_record_counts_with_its_own_latest_row(backwards: bool) -> None:
    rows = [
        {"customer_id": "C1", "consent_app": False, "valid_from": "2025-01-01"},
        {"customer_id": "C2", "consent_app": True, "valid_from": "2025-02-01"},
        # C1 takes back its no; then C2 says no, and a third record says yes later still.
        {"customer_id": "C1", "consent_app": True, "valid_from": "2025-03-01"},
        {"customer_id": "C2", "consent_app": False, "valid_from": "2025-04-01"},
        {"customer_id": "C3", "consent_app": True, "valid_from": "2025-05-01"},
    ]
    joined = merged(rows[::-1] if backwards else rows, [("C1", "C2"), ("C1", "C3")])
    answers = [
        bool(said(joined, moment=f"2025-0{month}-02")["consent_app"]) for month in range(1, 6)
    ]
    assert answers == [False, False, True, False, False]


def test_an_undated_no_stands_beside_a_dated_yes_of_another_record() -> None:
    rows = [
        {"customer_id": "C2", "consent_app": False, "valid_from": None},
        {"customer_id": "C1", "consent_app": True, "valid_from": "2025-03-01"},
    ]
    assert not said(merged(rows, [("C1", "C2")]))["consent_app"]
    assert not said(merged(rows[::-1], [("C1", "C2")]))["consent_app"]
    # Of one record the dated row replaces the undated.
    rows[0]["customer_id"] = "C1"
    rows.append({"customer_id": "C2", "consent_app": True, "valid_from": None})
    assert said(merged(rows, [("C1", "C2")]))["consent_app"]


@pytest.mark.parametrize("backwards", [False, True])
def test_other_columns_are_those_of_the_latest_row_that_says_something(backwards: bool) -> None:
    rows = [
        {"customer_id": "C1", "language": "de", "time_zone": None, "age": 40,
         "valid_from": "2025-01-01"},
        {"customer_id": "C2", "language": "fr", "time_zone": "Europe/Paris", "age": None,
         "valid_from": "2025-02-01"},
        {"customer_id": "C2", "language": None, "time_zone": "Europe/Rome", "age": None,
         "valid_from": "2025-03-01"},
    ]  # fmt: skip
    joined = merged(rows[::-1] if backwards else rows, [("C1", "C2")])
    before, then = said(joined, moment="2025-02-02"), said(joined)
    assert (before["language"], before["time_zone"], before["age"]) == ("fr", "Europe/Paris", 40)
    # C2 no longer says a language: that of C1 is all that is known.
    assert (then["language"], then["time_zone"], then["age"]) == ("de", "Europe/Rome", 40)


@pytest.mark.parametrize("backwards", [False, True])
def test_of_equal_dates_the_own_id_decides_and_then_the_smallest(backwards: bool) -> None:
    rows = [
        {"customer_id": 12, "language": "fr", "size": 12},
        {"customer_id": 9, "language": "de", "size": None},
        {"customer_id": 10, "language": "it", "size": 10},
    ]
    events = EVENTS.assign(customer_id=9)
    joined = merged(rows[::-1] if backwards else rows, [(12, 9), (10, 9)], events)
    # 9 is the person's id; of the others 10 is smaller than 12, though not as text.
    assert (said(joined, 9)["language"], said(joined, 9)["size"]) == ("de", 10)


def test_the_own_id_may_be_a_number_in_one_table_and_text_in_another() -> None:
    rows = [
        {"customer_id": 7, "language": "de", "consent_app": True},
        {"customer_id": 8, "language": "fr", "consent_app": False},
    ]
    events = EVENTS.assign(customer_id=7)
    for ordered in (rows, rows[::-1]):
        joined = merged(ordered, [("7", "phone-1"), ("phone-1", "8")], events)
        assert (said(joined, "7")["language"], said(joined, "7")["consent_app"]) == ("de", False)


def test_a_customer_of_one_record_keeps_its_rows() -> None:
    rows = [
        {"customer_id": "C1", "language": "de", "valid_from": "2025-01-01"},
        {"customer_id": "C1", "language": None, "valid_from": "2025-02-01"},
    ]
    joined = merged(rows, [("C1", "phone")])
    assert joined["language"].tolist()[0] == "de"
    assert pd.isna(said(joined)["language"])


def test_merging_again_changes_nothing() -> None:
    rows = [
        {"customer_id": "C1", "consent_app": True, "valid_from": "2025-01-01"},
        {"customer_id": "C2", "consent_app": False, "valid_from": "2025-01-01"},
    ]
    tables = check_tables(
        Tables(
            interactions=EVENTS, customers=pd.DataFrame(rows),
            identities=pd.DataFrame({"id_a": ["C1"], "id_b": ["C2"], "kind": ["card"]}),
        )
    )  # fmt: skip
    once = merge_identities(tables, IdentityRules())
    twice = merge_identities(once, IdentityRules())
    assert once.customers is not None
    assert twice.customers is not None
    pd.testing.assert_frame_equal(once.customers, twice.customers)


DATES = [None, "2025-01-01", "2025-02-01", "2025-03-01"]
ROW = st.tuples(
    st.integers(0, 5), st.sampled_from(DATES), st.booleans(), st.sampled_from([None, "de", "fr"])
)
TABLE = st.lists(ROW, min_size=1, max_size=16, unique_by=lambda row: row[:2])
LINKS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=4)
MOMENT = st.sampled_from(["2025-01-15", "2025-02-01", "2025-02-15", "2025-04-01"])


def table_of(rows: list[tuple[int, str | None, bool, str | None]]) -> list[dict[str, Any]]:
    return [
        {"customer_id": f"c{record}", "valid_from": date, "consent_app": yes, "language": language}
        for record, date, yes, language in rows
    ]


def by_hand(
    rows: list[dict[str, Any]], group: set[str], leader: str, moment: str
) -> tuple[bool, Any]:
    """The rule of `joined_records`, word by word."""
    latest = {}
    for row in sorted(rows, key=lambda row: row["valid_from"] or ""):
        if row["customer_id"] in group and (row["valid_from"] or "") < moment:
            latest[row["customer_id"]] = row
    best = sorted(latest.values(), key=lambda row: row["customer_id"])
    best.sort(key=lambda row: row["customer_id"] != leader)
    best.sort(key=lambda row: row["valid_from"] or "", reverse=True)
    languages = [row["language"] for row in best if row["language"] is not None]
    return all(row["consent_app"] for row in best), next(iter(languages), None)


@settings(max_examples=150, deadline=None)
@given(TABLE, LINKS, MOMENT, st.randoms(use_true_random=False))
def test_every_person_is_as_the_rule_says_in_any_order(
    rows: list[Any], links: list[tuple[int, int]], moment: str, shuffle: Any
) -> None:
    pairs = [(f"c{a}", f"c{b}") for a, b in links]
    table = table_of(rows)
    groups = [{f"c{i}"} for i in range(6)]
    for a, b in pairs:
        both = next(g for g in groups if a in g) | next(g for g in groups if b in g)
        groups = [g for g in groups if not g & both] + [both]
    mixed = table.copy()
    shuffle.shuffle(mixed)
    joined = merged(mixed, pairs, OF_ALL)
    known = as_of(joined, "customer_id", int(pd.Timestamp(moment, tz="UTC").timestamp()))
    known = known.set_index("customer_id")
    registered = {row["customer_id"] for row in table}
    for group in groups:
        leader = min(group & registered, default=min(group))
        if any(row["customer_id"] in group and (row["valid_from"] or "") < moment for row in table):
            yes, language = by_hand(table, group, leader, moment)
            assert bool(known.loc[leader, "consent_app"]) is yes
            assert (known.loc[leader, "language"] == language) or (
                language is None and pd.isna(known.loc[leader, "language"])
            )
        else:
            assert leader not in known.index


@settings(max_examples=60, deadline=None)
@given(TABLE, LINKS, MOMENT, st.integers(0, 15))
def test_turning_a_yes_to_no_opens_nothing(
    rows: list[Any], links: list[tuple[int, int]], moment: str, which: int
) -> None:
    pairs = [(f"c{a}", f"c{b}") for a, b in links]
    table, at = table_of(rows), int(pd.Timestamp(moment, tz="UTC").timestamp())
    before = as_of(merged(table, pairs, OF_ALL), "customer_id", at).set_index("customer_id")
    table[which % len(table)]["consent_app"] = False
    after = as_of(merged(table, pairs, OF_ALL), "customer_id", at).set_index("customer_id")
    assert (after["consent_app"] <= before["consent_app"].loc[after.index]).all()
