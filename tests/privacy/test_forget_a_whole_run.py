"""Forgetting leaves no trace, in anything that a whole run leaves on the disk."""

import json
from pathlib import Path

import pandas as pd
import pytest
from whole_run import KEY, STORE, copied, made, person, recsys

from recsys.ops.keyed_hash import pseudonym
from recsys.privacy.scan.scan import scan
from recsys.serving import load

WORDS = ("in=market,runs,artifacts,stores,lists,plans,persons,results,pages,logs", STORE)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def here(first: Path, tmp_path: Path) -> Path:
    return copied(first, tmp_path)


def test_nothing_of_the_person_is_left(here: Path) -> None:
    customer = person(here)
    records = pd.read_parquet(here / "market" / "records")
    own = records.loc[records["customer_id"] == customer, "record_id"]
    # The scan sees the person everywhere before, so that it can say something afterwards.
    found = scan([here], {customer, *own})
    assert {finding.path.relative_to(here).parts[0] for finding in found} >= {
        "market", "mlflow.db", "mlartifacts", "artifacts", "stores", "lists", "persons", "results",
        "pages", "logs",
    }  # fmt: skip

    ended = recsys(
        "forget", f"customer={customer}", *WORDS, "verify=true", folder=here,
        RECSYS_PSEUDONYM_KEY=KEY,
    )  # fmt: skip

    assert ended.code == 0, ended.said
    assert "verify: no file holds the person" in ended.said
    assert all(record in ended.said for record in own)
    hashed = {pseudonym(KEY.encode(), each) for each in (customer, *own)}
    left = [finding.path for finding in scan([here], {*own, customer, *hashed})]
    # By its hash the owner of the key finds a receipt.
    assert {path.parent.name for path in left} == {"forgotten"}
    assert scan(left, {*own, customer}) == []


def test_everybody_else_stays(here: Path) -> None:
    customer = person(here)
    events = pd.read_parquet(here / "market" / "interactions")
    before = load(here / "artifacts" / "best")
    others = [each for each in map(str, before.contents.customers.ids) if each != customer][:5]
    answers = [before.recommend(each, at="as_of") for each in others]

    ended = recsys("forget", f"customer={customer}", *WORDS, folder=here, RECSYS_PSEUDONYM_KEY=KEY)

    assert ended.code == 0, ended.said
    after = load(here / "artifacts" / "best")
    assert [after.recommend(each, at="as_of") for each in others] == answers
    kept = events[events["customer_id"] != customer].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(here / "market" / "interactions"), kept)
    # Runs can still be compared, and the champion be fetched.
    compared = recsys("compare", STORE, folder=here)
    assert compared.code == 0, compared.said
    assert "C9999999" in (here / "results" / "calls.jsonl").read_text()
    # A checkpoint says of nobody whose vector it holds.
    assert not (here / "runs" / "gcn" / "fit.pt").exists()
    assert not list((here / "artifacts").glob(".*recsys-*"))


def test_a_dry_run_changes_nothing(here: Path) -> None:
    before = contents(here)

    ended = recsys("forget", f"customer={person(here)}", *WORDS, "dry_run=true", folder=here)

    assert ended.code == 0, ended.said
    assert "would forget" in ended.said
    assert contents(here) == before


def test_done_twice_it_does_nothing(here: Path) -> None:
    words = ("forget", f"customer={person(here)}", *WORDS)
    recsys(*words, folder=here, RECSYS_PSEUDONYM_KEY=KEY)
    before = contents(here)

    again = recsys(*words, folder=here, RECSYS_PSEUDONYM_KEY=KEY)

    assert again.code == 0
    assert "nothing is kept of" in again.said
    assert contents(here) == before


def test_the_receipt_counts_and_names_nobody(here: Path) -> None:
    customer = person(here)
    rows = int((pd.read_parquet(here / "market" / "interactions")["customer_id"] == customer).sum())

    recsys("forget", f"customer={customer}", *WORDS, folder=here, RECSYS_PSEUDONYM_KEY=KEY)

    (path,) = (here / "forgotten").glob("*.json")
    receipt = json.loads(path.read_text())
    assert customer not in path.read_text()
    assert pseudonym(KEY.encode(), customer) in receipt["hashes"]
    assert receipt["removed"]["artifacts"] == 2
    assert receipt["removed"]["Parquet files"] > rows
    assert receipt["removed"]["checkpoints"] == 1


def contents(folder: Path) -> dict[str, bytes]:
    """Name -> bytes of every file but locks, and databases as SQLite holds them."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }
