"""Persons: compared records, stable ids, explained and undone merges."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from public_data import published

from recsys.customers.identity.comparisons import comparisons_of
from recsys.customers.identity.customer_links import linked_customers
from recsys.customers.identity.person_ids import person_ids
from recsys.customers.identity.refusals import undo
from recsys.customers.identity.resolve import Resolution, resolve
from recsys.customers.identity.store import explain, read_former, write
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.tables import Tables
from recsys.errors import InputError


def ids(*texts: str) -> pd.Series:
    return pd.Series(list(texts))


def former(**person_of: str) -> pd.DataFrame:
    return pd.DataFrame({"record_id": list(person_of), "person_id": list(person_of.values())})


def test_a_merge_keeps_the_id_of_the_larger_part_and_a_split_leaves_it_there() -> None:
    was = former(a="P1", b="P1", c="P2")
    merged = person_ids(ids("a", "b", "c"), np.array([0, 0, 0]), was)
    assert merged.of_record.tolist() == ["P1"] * 3
    assert merged.changes.to_dict("records") == [
        {"former_id": "P2", "person_id": "P1", "change": "merged", "records": 1}
    ]
    split = person_ids(ids("a", "b", "c"), np.array([0, 0, 1]), former(a="P1", b="P1", c="P1"))
    assert split.of_record.tolist()[:2] == ["P1", "P1"]
    assert split.of_record[2] not in ("P1", "P2")
    assert split.changes["change"].tolist() == ["split"]


def test_ids_do_not_depend_on_the_order_of_records_and_never_return() -> None:
    first = person_ids(ids("a", "b", "c"), np.array([0, 1, 1]))
    again = person_ids(ids("c", "b", "a"), np.array([0, 0, 1]))
    assert first.of_record.tolist() == again.of_record.tolist()[::-1]
    other = person_ids(ids("a"), np.array([0]), None, {first.of_record[0]})
    assert other.of_record[0] != first.of_record[0]


RECORDS = pd.DataFrame(
    {
        "record_id": ["r1", "r2", "r3", "r4"],
        "customer_id": ["ann", "anna", "bob", None],
        "email": ["ann@x.org", "ann@x.org", "bob@x.org", "Bob@x.org"],
        "timestamp": pd.to_datetime(["2026-01-01", "2026-03-01", None, None], utc=True),
    }
)


def keyed(**settings: object) -> Resolution:
    return resolve(RECORDS, compare=False, **settings)


def test_a_merge_is_explained_undone_by_one_call_and_stays_undone(tmp_path: Path) -> None:
    write(keyed(), tmp_path, read_former(tmp_path))
    assert explain(tmp_path, "r2")["why"].tolist() == ["equal email"]
    assert undo(tmp_path, ["r2"]) == 1
    assert undo(tmp_path, ["r2"]) == 0
    was = read_former(tmp_path)
    now = keyed(former=was.persons, refused=was.refused)
    before = was.persons.set_index("record_id")["person_id"]
    after = now.persons.set_index("record_id")["person_id"]
    assert after["r1"] != after["r2"]
    assert after.drop("r2").equals(before.drop("r2"))
    assert now.unused["reason"].tolist() == ["a refused link keeps the two apart"]
    write(now, tmp_path, was)
    assert read_former(tmp_path).changes["change"].tolist() == ["split"]


def test_records_that_left_and_return_have_their_id_again(tmp_path: Path) -> None:
    write(keyed(), tmp_path, read_former(tmp_path))
    was = read_former(tmp_path)
    write(resolve(RECORDS.iloc[:2], compare=False, former=was.persons), tmp_path, was)
    again = read_former(tmp_path)
    assert again.persons["present"].tolist() == [True, True, False, False]
    back = keyed(former=again.persons)
    assert back.persons["person_id"].tolist() == was.persons["person_id"].tolist()


def test_a_no_of_any_record_stands_after_a_merge_and_links_obey_the_cut_off() -> None:
    links = linked_customers(keyed())
    assert links[["id_a", "id_b", "kind"]].values.tolist() == [["ann", "anna", "person"]]
    customers = pd.DataFrame({"customer_id": ["ann", "anna"], "consent_email": [True, False]})
    events = pd.DataFrame({"customer_id": ["ann", "bob"]})
    tables = Tables(interactions=events, customers=customers, identities=links)

    def consents(before: str) -> list[bool]:
        moment = pd.Timestamp(before, tz="UTC")
        merged = merge_identities(tables, IdentityRules(), moment).customers
        return merged["consent_email"].tolist()

    assert consents("2026-02-01") == [True, False]
    assert consents("2026-04-01") == [False, False]
    assert keyed(before=pd.Timestamp("2026-02-01", tz="UTC")).records["record_id"].tolist() == [
        "r1", "r3", "r4",
    ]  # fmt: skip


def test_a_link_is_dated_by_the_earliest_chain_that_joins_the_two() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-03-01", "2026-05-01", "2026-04-01"], utc=True)
    table = pd.DataFrame(
        {
            "record_id": ["a", "b", "bridge", "later"],
            "customer_id": ["ann", "anna", None, "anke"],
            "email": ["x@x.org", None, "x@x.org", "x@x.org"],
            "phone": [None, "0351 1234567", "0351 1234567", None],
            "timestamp": days,
        }
    )
    links = linked_customers(resolve(table, compare=False)).set_index("id_b")["timestamp"]
    assert links.to_dict() == {"anna": days[2], "anke": days[3]}


def test_columns_are_compared_by_name_or_content_unless_stated() -> None:
    table = pd.DataFrame(
        {
            "record_id": range(100),
            "date_of_birth": [f"19{row % 90 + 10}-01-01" for row in range(100)],
            "state": ["nsw", "vic"] * 50,
            "card": [f"{row:07d}" for row in range(100)],
            "flat": [str(row) for row in range(100)],
            "hobby": [f"hobby {row}" for row in range(100)],
            "planet": ["earth"] * 100,
        }
    )
    made = comparisons_of(table, {"hobby": "exact"})
    assert made == {
        "date_of_birth": "digits", "state": "exact", "card": "digits", "flat": "exact",
        "hobby": "exact",
    }  # fmt: skip
    with pytest.raises(InputError, match=r"compare: no column 'height'"):
        comparisons_of(table, {"height": "text"})
    with pytest.raises(InputError, match=r"compare.card: expected one of text, digits"):
        comparisons_of(table, {"card": "fuzzy"})


def test_records_without_a_usable_column_are_refused() -> None:
    few = pd.DataFrame({"record_id": ["a", "b"], "shoe": ["1", "2"]})
    with pytest.raises(InputError, match="records: expected a column to link by"):
        resolve(few, compare=False)
    with pytest.raises(InputError, match="expected at least 50 rows to learn"):
        resolve(few)
    same = pd.DataFrame({"record_id": range(60), "shoe": ["1"] * 60})
    with pytest.raises(InputError, match="expected at least two columns that tell persons apart"):
        resolve(same)


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.parametrize(("without", "lowest"), [([], 0.9993), (["soc_sec_id"], 0.997)])
def test_febrl3_is_resolved_without_labels(without: list[str], lowest: float) -> None:
    table = pd.read_parquet(f"{published('febrl')}/febrl3.parquet").drop(columns=without)
    truth = table["rec_id"].str.extract(r"rec-(\d+)")[0].to_numpy()
    made = resolve(table.rename(columns={"rec_id": "record_id"}))
    cells = pd.DataFrame({"found": made.cluster, "true": truth})
    assert (cells.groupby("found")["true"].nunique() == 1).all()

    def number(names: list[str]) -> int:
        sizes = cells.groupby(names).size()
        return int((sizes * (sizes - 1) // 2).sum())

    f1 = 2 * number(["found", "true"]) / (number(["found"]) + number(["true"]))
    assert f1 >= lowest
