import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from public_data import published

from recsys.data.check import check_tables
from recsys.data.sources.starbucks import Starbucks, moment
from recsys.data.split import TimeSplit
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.experiments.run import prepare

FILES = ("portfolio.json", "profile.json", "transcript.parquet")
OFFER = {"reward": 5, "difficulty": 20, "duration": 10.0, "channels": ["web", "email"]}
PORTFOLIO = [
    {"id": "1e9", "offer_type": "discount", **OFFER},
    {"id": "f2", "offer_type": "informational", **OFFER, "duration": 4.0, "channels": ["email"]},
]
PROFILE = [
    {"id": "0a", "gender": "F", "age": 55, "income": 70_000, "became_member_on": 20180726},
    {"id": "0b", "gender": None, "age": 118, "income": None, "became_member_on": 20170727},
]
TRANSCRIPT: dict[str, list[Any]] = {
    "person": ["0a", "0b", "0a", "0a", "0b", "0a"],
    "event": ["offer received", "offer received", "transaction", "offer completed",
              "offer viewed", "transaction"],
    "time": [0, 0, 6, 6, 504, 576],
    "offer_id": ["1e9", "f2", None, "1e9", "f2", None],
    "amount": [None, None, 21.5, None, None, 2.0],
}  # fmt: skip


def write(
    folder: Path, portfolio: Any = PORTFOLIO, profile: Any = PROFILE, **transcript: Any
) -> str:
    """All three files; a change replaces columns of the transcript, None takes one away."""
    for name, rows in (("portfolio", portfolio), ("profile", profile)):
        (folder / f"{name}.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = {**TRANSCRIPT, **transcript}
    kept = {name: cells for name, cells in table.items() if cells is not None}
    pd.DataFrame(kept).to_parquet(folder / "transcript.parquet")
    return str(folder)


def loaded(folder: Path, **change: Any) -> Tables:
    return check_tables(Starbucks(root=write(folder, **change)).load())


def test_events_become_interactions(tmp_path: Path) -> None:
    events = loaded(tmp_path).interactions
    plain = events[["customer_id", "product_id", "touchpoint", "action"]].astype(object)
    assert plain.where(plain.notna(), None).values.tolist() == [
        ["0a", "1e9", "web_email", "contact"],
        ["0b", "f2", "email", "contact"],
        ["0a", None, None, "purchase"],
        ["0a", "1e9", None, "accept"],
        ["0b", "f2", "email", "view"],
        ["0a", None, None, "purchase"],
    ]
    hours = (events["timestamp"] - pd.Timestamp("2018-07-27", tz="UTC")) / pd.Timedelta(hours=1)
    assert hours.tolist() == [0, 0, 6, 6, 504, 576]
    assert events["value"].fillna(0).tolist() == [0, 0, 21.5, 0, 0, 2]


def test_customers_of_age_118_are_unknown(tmp_path: Path) -> None:
    customers = loaded(tmp_path).customers
    assert customers is not None
    assert customers["gender"].tolist() == ["F", "unknown"]
    assert customers[["age", "income"]].isna().all(axis=1).tolist() == [False, True]
    assert customers["age"].iloc[0] == 55
    assert customers["member_days"].tolist() == [1, 365]


def test_an_offer_is_a_product_on_its_channels(tmp_path: Path) -> None:
    tables = loaded(tmp_path)
    assert tables.products is not None
    assert tables.offers is not None
    assert tables.touchpoints is not None
    assert tables.products.to_dict("records") == [
        {"product_id": "1e9", "offer_type": "discount", "customer_reward": 5, "difficulty": 20,
         "valid_days": 10, "channel_email": True, "channel_web": True},
        {"product_id": "f2", "offer_type": "informational", "customer_reward": 5,
         "difficulty": 20, "valid_days": 4, "channel_email": True, "channel_web": False},
    ]  # fmt: skip
    assert tables.offers[["offer_id", "product_id", "touchpoint"]].values.tolist() == [
        ["1e9", "1e9", "web_email"],
        ["f2", "f2", "email"],
    ]
    assert tables.touchpoints.values.tolist() == [["web_email", True], ["email", True]]
    assert tables.decisions is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"offer_id": None}, "transcript.parquet: expected column 'offer_id'; the file holds"),
        ({"time": [0.5] * 6}, "transcript.parquet: column 'time': expected whole hours, got float"),
        ({"offer_id": [None, "f2", None, "f3", "f3", None]},
         "transcript.parquet: row 3, column 'offer_id': expected an offer of portfolio.json, got"),
        ({"event": ["transaction"] * 5 + ["refund"]},
         "interactions: row 5, column 'action': expected one of view, .* got 'refund'"),
        ({"portfolio": PORTFOLIO[:1] * 2 + PORTFOLIO[1:]},
         "products: row 1, column 'product_id': expected each id once, got '1e9' again"),
        ({"portfolio": []}, "portfolio.json: expected JSON objects, one per line, got none"),
        ({"portfolio": [[1]]}, r"portfolio.json: line 1: expected a JSON object, got '\[1\]'"),
        ({"profile": [PROFILE[0], {"id": "0b", "age": 3}]},
         "profile.json: line 2: expected key 'gender'; the line holds id, age; is it"),
        ({"profile": [PROFILE[0], {**PROFILE[1], "became_member_on": 20171301}]},
         "profile.json: row 1, key 'became_member_on': expected a date such as .* got 20171301"),
    ],
)  # fmt: skip
def test_files_of_another_shape_are_refused(tmp_path: Path, change: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        loaded(tmp_path, **change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_files_that_miss_or_cannot_be_read_are_named(tmp_path: Path, name: str) -> None:
    root = write(tmp_path)
    (tmp_path / name).write_bytes(b"PAR1 \xff")
    with pytest.raises(InputError, match=rf"^{name} cannot be read as \w+: .") as caught:
        Starbucks(root=root).load()
    assert "\n" not in str(caught.value)
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=rf"data.root=.*: expected {name} there"):
        Starbucks(root=root)


# --- what was published -----------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> tuple[Starbucks, Tables]:
    source = Starbucks(root=published("starbucks_offers"))
    return source, check_tables(source.load())


@pytest.mark.realdata
def test_starbucks_holds_what_was_published(real: tuple[Starbucks, Tables]) -> None:
    tables = real[1]
    assert tables.customers is not None
    assert tables.products is not None
    assert tables.touchpoints is not None
    assert tables.interactions["action"].value_counts().to_dict() == {
        "purchase": 138_953, "contact": 76_277, "view": 57_725, "accept": 33_579,
    }  # fmt: skip
    assert tables.interactions.duplicated().sum() == 397
    assert tables.interactions["timestamp"].max() == moment(714)
    assert len(tables.customers) == tables.customers["customer_id"].nunique() == 17_000
    unknown = tables.customers["gender"] == "unknown"
    assert unknown.sum() == 2_175
    assert (tables.customers["age"].isna() == unknown).all()
    assert (tables.customers["income"].isna() == unknown).all()
    assert tables.customers["member_days"].min() == 1
    assert (len(tables.products), len(tables.touchpoints)) == (10, 4)


@pytest.mark.realdata
def test_runs_can_start_from_starbucks(real: tuple[Starbucks, Tables]) -> None:
    data, split, audit = prepare(real[0], TimeSplit())
    assert split.description == "time: valid from 2018-08-17, test from 2018-08-20"
    assert len(split.valid.queries) == 4_545
    assert split.valid.queries.seen is None
    assert split.valid.queries.touchpoints is None
    assert split.valid.queries.relevant.nnz == 5_214
    assert (len(data.customers), len(data.products), len(data.touchpoints)) == (17_000, 10, 4)
    audit.window("test")
    assert audit.certificate.status == "passed"
