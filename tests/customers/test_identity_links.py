"""Links of records by strong keys, and the clusters that they make."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.customers.identity.clusters import cluster
from recsys.customers.identity.keys import key_links
from recsys.customers.identity.rules import LinkRules
from recsys.errors import InputError

RULES = LinkRules()


def records(**columns: list[object]) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    return pd.DataFrame({"record_id": [f"r{row}" for row in range(size)], **columns})


def pairs(links: pd.DataFrame) -> list[tuple[int, int, str]]:
    return list(zip(links["record_a"], links["record_b"], links["kind"], strict=True))


def links(*rows: tuple[int, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["record_a", "record_b", "weight"])
    return table.assign(kind="email")


def test_equal_keys_link_whatever_their_case_and_signs() -> None:
    table = records(
        email=["Ann@x.org", "ann+shop@X.ORG", None, "bob@x.org"],
        phone=["+49 30 1234567", None, "030/123 45 67", "030 7654321"],
        handle_forum=["Fox", None, None, " fox"],
    )
    expected = [(0, 1, "email"), (0, 2, "phone"), (0, 3, "handle_forum")]
    assert pairs(key_links(table, None, RULES).links) == expected


def test_a_key_of_too_many_records_links_nobody_and_says_so() -> None:
    table = records(email=["info@callcentre.org"] * 11 + ["ann@x.org"] * 2)
    made = key_links(table, None, RULES)
    assert pairs(made.links) == [(11, 12, "email")]
    assert made.shared["records"].tolist() == [11]
    assert made.shared["reason"].tolist() == ["shared by 11 records, more than 10"]


def test_twins_with_the_phone_of_their_parents_stay_two_persons() -> None:
    table = records(
        given_name=["tim", "leo", "timm"], birth_date=["2001-01-01"] * 3, phone=["0351234567"] * 3
    )
    made = key_links(table, None, RULES)
    assert pairs(made.links) == [(0, 2, "phone")]
    assert made.refused["reason"].tolist() == ["given names differ", "given names differ"]
    assert len(key_links(table, None, LinkRules(contradictions=False)).links) == 3


def test_identities_link_customers_records_and_devices() -> None:
    table = records(customer_id=["ann", "anna", "bob", None])
    identities = pd.DataFrame(
        {
            "id_a": ["ann", "anna", "bob", "dev-1"],
            "id_b": ["anna", "dev-1", "r3", "bob"],
            "kind": ["loyalty", "device", "crm", "device"],
            "confidence": [1.0, 0.9, 0.4, 0.8],
        }
    )
    made = key_links(table, identities, RULES)
    assert pairs(made.links) == [(1, 2, "device"), (0, 1, "loyalty")]
    with pytest.raises(InputError, match=r"identities: row 0: expected two ids, got 'ann' linked"):
        key_links(table, pd.DataFrame({"id_a": ["ann"], "id_b": ["ann"], "kind": ["x"]}), RULES)


def test_a_cycle_of_links_is_one_person() -> None:
    made = cluster(links((0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0)), 4, 50)
    assert made.of_record.tolist() == [0, 0, 0, 1]
    assert made.cuts.empty


def test_a_component_that_is_too_large_breaks_at_its_weakest_link() -> None:
    chain = links((0, 1, 9.0), (1, 2, 9.0), (2, 3, 2.0), (3, 4, 9.0), (4, 5, 9.0))
    made = cluster(chain, 6, 4)
    assert made.of_record.tolist() == [0, 0, 0, 1, 1, 1]
    assert made.cuts["reason"].tolist() == [
        "would join 3 and 3 records to more than 4; weaker than the links within (weight 2.0)"
    ]


def test_of_equal_links_a_bridge_breaks_before_those_within_a_group() -> None:
    triangles = links(
        (2, 3, 5.0), (0, 1, 5.0), (1, 2, 5.0), (0, 2, 5.0), (3, 4, 5.0), (4, 5, 5.0), (3, 5, 5.0)
    )  # fmt: skip
    assert cluster(triangles, 6, 3).of_record.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_refused_pair_is_kept_apart_by_the_weakest_link_between_them() -> None:
    made = cluster(links((0, 1, 9.0), (1, 2, 3.0)), 3, 50, np.array([[0, 2]]))
    assert made.of_record.tolist() == [0, 0, 1]
    assert made.cuts["reason"].tolist() == ["a refused link keeps the two apart"]


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29), st.integers(1, 9)), max_size=60),
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=8),
    st.integers(2, 12),
)
def test_no_cluster_is_too_large_or_holds_a_refused_pair(
    rows: list[tuple[int, int, int]], apart: list[tuple[int, int]], largest: int
) -> None:
    table = links(*[(min(a, b), max(a, b), float(w)) for a, b, w in rows if a != b])
    refused = np.array([pair for pair in apart if pair[0] != pair[1]], np.int64).reshape(-1, 2)
    group = cluster(table, 30, largest, refused).of_record
    assert np.bincount(group).max() <= largest
    assert (group[refused[:, 0]] != group[refused[:, 1]]).all()
    free = cluster(table, 30, 30).of_record
    for part in np.unique(group):
        assert len(np.unique(free[group == part])) == 1
