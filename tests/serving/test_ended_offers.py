"""Offers that have ended are made nowhere, except for a query at the cut-off.

The made-up artifact was trained up to 2026-01-01. One product and one offer of the firm's end on
2026-02-01; it is the third of March.
"""

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from artifact_contents import AS_OF, DAY, contents

from recsys.errors import InputError
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.serving import Artifact, OfferTable, load, write
from recsys.serving.artifact import times
from recsys.serving.artifact.times import moment_of, seconds
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.query.everyone import MOMENT, recommend_everyone
from recsys.serving.stores import ParquetStore, Store

ENDS, MARCH = AS_OF + 31 * DAY, AS_OF + 61 * DAY
SCRIPT = Path(__file__).parents[2] / "scripts" / "recommend.py"
OPEN = {"consent": None, "filter_seen": False, "product_valid_from": None}


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "now", lambda: MARCH)


def ended(**changes: Any) -> Any:
    """Of 30 products the first has ended; of two offers, each of one product, the first."""
    closes = np.full(30, OPEN_END)
    closes[0] = ENDS
    offers = OfferTable(
        ids=np.array(["over", "open"]), starts=np.array([0, 1, 2]), products=np.array([1, 2]),
        touchpoints=np.array([-1, -1]), valid_from=np.full(2, OPEN_START),
        valid_to=np.array([ENDS, OPEN_END]),
    )  # fmt: skip
    rule = {
        "fold_in_rule": np.zeros(3, np.float32), "fold_in_actions": np.ones(2, np.float32),
        "fold_in_rest": np.zeros(0, np.float32),
    }  # fmt: skip
    return contents(**OPEN, product_valid_to=closes, offers=offers, **rule, **changes)


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    write(tmp_path / "a", ended())
    return load(tmp_path / "a")


def of_artifact(artifact: Artifact, at: Any) -> set[Any]:
    return {offer.product_id for offer in artifact.recommend("C0001", 30, at=at).offers}


def of_events(artifact: Artifact, at: Any) -> set[Any]:
    answer = artifact.recommend_events(["P001"], 30, at=at)
    return {offer.product_id for offer in answer.offers}


def of_many(artifact: Artifact, at: Any) -> set[Any]:
    columns = artifact.recommend_many(["C0001"], 30, at=at).columns
    return set(artifact.contents.products.ids[columns[columns >= 0]])


def of_everyone(artifact: Artifact, at: Any) -> set[Any]:
    path = Path("all.parquet").absolute()
    recommend_everyone(artifact, path, 30, at=at)
    lines = {line["customer_id"]: line["product_id"] for line in pq.read_table(path).to_pylist()}
    return set(lines["C0001"])


def of_csv(artifact: Artifact, at: Any) -> set[Any]:
    path = Path("all.csv").absolute()
    recommend_everyone(artifact, path, 30, at=at)
    lines = list(csv.DictReader(path.open()))
    return {line["product_id"] for line in lines if line["customer_id"] == "C0001"}


def of_pyfunc(artifact: Artifact, at: Any) -> set[Any]:
    (answer,) = OfferModel(artifact).predict([{"customer_id": "C0001"}], {"k": 30, "at": at or ""})
    return {offer["product_id"] for offer in answer["offers"]}


WAYS = [of_artifact, of_events, of_many, of_everyone, of_csv, of_pyfunc]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_has_ended_is_not_offered(
    way: Any, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    every = set(artifact.contents.products.ids[:])
    over = {artifact.contents.products.ids[0]}
    had = {"P001"} if way is of_events else set()
    assert way(artifact, None) | had == every - over
    assert way(artifact, "as_of") | had == every
    assert way(artifact, "2026-01-31") | had == every
    assert way(artifact, "2026-02-01T01:00+01:00") | had == every - over


def test_a_store_does_not_offer_what_has_ended(artifact: Artifact, store: Store) -> None:
    def offered(at: Any) -> set[Any]:
        return {offer.product_id for offer in store.recommend("C0001", 30, at=at)}

    store.put(artifact)
    every = set(artifact.contents.products.ids[:])
    over = {artifact.contents.products.ids[0]}
    assert offered(None) == offered("now") == every - over
    assert offered("as_of") == offered("2026-01-31") == every


def test_the_firms_offers_end_too(artifact: Artifact) -> None:
    def names(at: Any) -> set[Any]:
        return {offer.offer_id for offer in artifact.recommend_offers("C0001", 5, at=at).offers}

    assert names(None) == names("now") == {"open"}
    assert names("as_of") == names(datetime(2026, 1, 31, tzinfo=UTC)) == {"over", "open"}


def test_a_file_of_everyone_and_a_store_say_their_moment(
    artifact: Artifact, tmp_path: Path
) -> None:
    recommend_everyone(artifact, tmp_path / "all.parquet", 3)
    kept = pq.read_schema(tmp_path / "all.parquet").metadata[MOMENT]
    assert kept == str(MARCH).encode()
    ParquetStore(tmp_path / "tables").put(artifact)
    about = json.loads(
        pq.read_schema(tmp_path / "tables" / "customers.parquet").metadata[b"recsys"]
    )
    assert (about["put_at"], about["as_of"]) == (MARCH, AS_OF)


def test_the_script_asks_now_unless_told(artifact: Artifact, tmp_path: Path) -> None:
    def said(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, str(SCRIPT), f"artifact={tmp_path / 'a'}", "customer=C0001", "k=30",
             *words],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    assert "not on offer at 20" in said()
    assert "not on offer" not in said("at=as_of")
    assert "not on offer" not in said("at=2026-01-31")
    assert "not on offer at 2026-02-02: 1" in said("at=2026-02-02T00:00")


@pytest.mark.parametrize("clock", ["order", None])
def test_without_seconds_there_is_no_now(clock: str | None, tmp_path: Path) -> None:
    write(tmp_path / "a", ended(facts={"clock": clock, "as_of": 7 if clock else None}))
    artifact = load(tmp_path / "a")
    for at in (None, "now", "as_of"):
        assert len(of_artifact(artifact, at)) == 30
        assert artifact.contents.moment(at) is None
    assert len(of_artifact(artifact, "2026-03-01")) == 29


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("2026-01-01", AS_OF),
        ("2026-01-01T00:00", AS_OF),
        ("2026-01-01T00:00Z", AS_OF),
        ("2026-01-01 01:00:00+01:00", AS_OF),
        ("20260102", AS_OF + DAY),
    ],
)
def test_a_moment_may_be_a_text(text: str, second: int) -> None:
    assert seconds("at", text) == second
    assert moment_of(text, "timestamp", None) == second


@pytest.mark.parametrize("text", ["", "soon", "01.02.2026", "2026-13-01", "AS_OF", "9" * 5000])
def test_a_text_that_is_no_moment_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^at: expected a date such as 2024-05-01") as raised:
        moment_of(text, "timestamp", AS_OF)
    assert len(str(raised.value)) < 300
