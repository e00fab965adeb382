"""Frames of RecTools and RePlay in files: names, long features, what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recsys import Dataset
from recsys.data.check import check_tables
from recsys.data.source import Source
from recsys.data.sources.rectools import RecTools
from recsys.data.sources.replay import RePlay
from recsys.errors import InputError
from recsys.testing import SourceContract

VISITS = pd.DataFrame(
    {
        "user_id": ["007", "7", "ann", "ann"],
        "item_id": [3, 4, 3, 5],
        "weight": [1.0, 2.0, 0.0, 1.5],
        "datetime": pd.to_datetime(
            ["2024-01-01", "2024-01-05", "2024-01-09", "2024-02-01T10:00"], format="ISO8601"
        ),
        "channel": ["app", "web", "app", "app"],
    }
)
LOG = pd.DataFrame(
    {
        "query_id": [1, 1, 2, 2],
        "item_id": ["x", "y", "x", "z"],
        "rating": [1.0, 2.0, 3.0, 4.0],
        "timestamp": [1e9, 1.1e9, 1.2e9, 1.3e9],
    }
)


def written(folder: Path, **frames: pd.DataFrame | str) -> str:
    """Frames as Parquet, and texts as CSV."""
    for name, frame in frames.items():
        if isinstance(frame, str):
            (folder / f"{name}.csv").write_text(frame)
        else:
            frame.to_parquet(folder / f"{name}.parquet")
    return str(folder)


class TestRecTools(SourceContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self) -> Source:
        return RecTools(root=written(self.folder, interactions=VISITS))


class TestRePlay(SourceContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self) -> Source:
        return RePlay(root=written(self.folder, interactions=LOG))


def test_weights_are_weights_and_other_columns_are_left_out(tmp_path: Path) -> None:
    events = check_tables(RecTools(root=written(tmp_path, interactions=VISITS)).load()).interactions
    assert sorted(events.columns) == ["customer_id", "product_id", "timestamp", "weight"]
    assert events["customer_id"].tolist() == ["007", "7", "ann", "ann"]
    assert events["weight"].tolist() == [1.0, 2.0, 0.0, 1.5]
    assert events["timestamp"].iloc[-1] == pd.Timestamp("2024-02-01 10:00", tz="UTC")
    rename = {"interactions": {"channel": "touchpoint"}}
    data = Dataset.from_source(RecTools(root=str(tmp_path), rename=rename))
    assert data.touchpoints.ids.tolist() == ["app", "web"]


def test_csv_gives_the_same_data_as_parquet(tmp_path: Path) -> None:
    prints = set()
    for kind in ("csv", "parquet"):
        folder = tmp_path / kind
        folder.mkdir()
        visits = VISITS.to_csv(index=False) if kind == "csv" else VISITS
        data = Dataset.from_source(RecTools(root=written(folder, interactions=visits), name="v"))
        prints.add(data.fingerprint)
    assert len(prints) == 1


def test_long_features_become_columns(tmp_path: Path) -> None:
    users = pd.DataFrame(
        {
            "id": ["007", "007", "ann", "7"],
            "feature": ["age", "branch", "age", "branch"],
            "value": ["30", "01", "40", "1A"],
        }
    )
    items = (
        "item_id,feature,value\n3,genre,art\n3,genre,bio\n4,genre,bio\n4,genre,bio\n5,colour,red\n"
        "3,year,1999\n4,year,V\n"
    )
    root = written(tmp_path, interactions=VISITS, user_features=users, item_features=items)
    tables = check_tables(RecTools(root=root).load())
    assert tables.customers is not None
    assert tables.products is not None
    people, goods = tables.customers, tables.products
    assert list(people.columns) == ["customer_id", "age", "branch"]
    assert people["age"].tolist()[:2] == [30.0, 40.0]
    assert people["branch"].dropna().tolist() == ["01", "1A"]
    assert list(goods.columns) == ["product_id", "colour", "genre_art", "genre_bio", "year"]
    assert goods["genre_bio"].tolist() == [True, True, False]
    assert goods["year"].dropna().tolist() == ["1999", "V"]


def test_wide_features_stay_wide(tmp_path: Path) -> None:
    items = pd.DataFrame({"id": [3, 4, 5], "price": [1.0, 2.5, 3.0]})
    root = written(tmp_path, interactions=VISITS, item_features=items)
    goods = check_tables(RecTools(root=root).load()).products
    assert goods is not None
    assert goods["price"].tolist() == [1.0, 2.5, 3.0]


def test_a_saved_data_set_of_replay_says_what_its_columns_are(tmp_path: Path) -> None:
    names = {"query_id": "client", "item_id": "thing", "rating": "stars", "timestamp": "when"}
    hints = {"client": "QUERY_ID", "thing": "ITEM_ID", "stars": "RATING", "when": "TIMESTAMP",
             "price": None}  # fmt: skip
    features = [{"column": name, "feature_hint": hint} for name, hint in hints.items()]
    (tmp_path / "init_args.json").write_text(
        json.dumps({"init_args": {"feature_schema": features}})
    )
    items = pd.DataFrame({"thing": ["x", "y", "z"], "price": [1, 2, 3], "idx": [0, 1, 2]})
    root = written(tmp_path, interactions=LOG.rename(columns=names), item_features=items)
    tables = check_tables(RePlay(root=root).load())
    assert tables.interactions["customer_id"].tolist() == [1, 1, 2, 2]
    assert tables.interactions["value"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert tables.interactions["timestamp"].iloc[0] == pd.Timestamp("2001-09-09T01:46:40Z")
    assert tables.products is not None
    assert list(tables.products.columns) == ["product_id", "price"]


@pytest.mark.parametrize("user", ["query_id", "user_id"])
def test_queries_and_users_are_customers(tmp_path: Path, user: str) -> None:
    log = LOG.rename(columns={"query_id": user})
    people = pd.DataFrame({user: [1, 2], "age": [30, 40]})
    root = written(tmp_path, interactions=log.to_csv(index=False), query_features=people)
    tables = check_tables(RePlay(root=root).load())
    assert tables.interactions["customer_id"].tolist() == [1, 1, 2, 2]
    assert tables.customers is not None
    assert tables.customers["customer_id"].tolist() == [1, 2]


def test_parts_as_spark_writes_them(tmp_path: Path) -> None:
    (tmp_path / "interactions.parquet").mkdir()
    for part, rows in (("part-0", LOG[:1]), ("part-1", LOG[1:])):
        rows.assign(idx=1).to_parquet(tmp_path / "interactions.parquet" / f"{part}.parquet")
    assert len(RePlay(root=str(tmp_path)).load().interactions) == 4


@pytest.mark.parametrize(
    ("make", "frames", "words"),
    [
        (RecTools, {"interactions": VISITS.drop(columns="user_id")},
         "interactions.parquet: expected column 'user_id', got item_id, weight, datetime, channel"),
        (RecTools, {"interactions": VISITS.assign(item_id=[1, 2, None, 3])},
         "interactions.parquet: row 2, column 'product_id': expected an id, got none; fill it in"),
        (RecTools, {"interactions": VISITS.assign(weight=[1, 2, -1, 3])},
         "interactions: row 2, column 'weight': expected a number of at least 0, got -1"),
        (RecTools, {"interactions": VISITS.assign(datetime="soon")},
         "interactions: row 0, column 'timestamp': expected a time such as"),
        (RecTools, {"interactions": VISITS, "user_features": "id,feature,value,note\na,b,c,d\n"},
         "user_features.csv: expected id, feature and value, got also note; drop it"),
        (RePlay, {"interactions": LOG.assign(timestamp=1.3e12)},
         "interactions.parquet: row 0, column 'timestamp': expected seconds since 1970, got '1300"),
        (RePlay, {"interactions": "query_id,item_id,timestamp\n1,2,1e13\n"},
         "interactions.csv: row 0, column 'timestamp': expected seconds since 1970"),
        (RePlay, {"interactions": LOG, "item_features": "name\nx\n"},
         "item_features.csv: expected column 'item_id', got name; set data.rename.products="),
        (RePlay, {"interactions": LOG, "init_args": {}}, "init_args.json: expected what RePlay's"),
        (RePlay, {"interactions": LOG,
                  "init_args": {"init_args": {"feature_schema": [{"column": "a"}]}}},
         "init_args.json: expected columns with the hints QUERY_ID and ITEM_ID, got none; save"),
        (RePlay, {"interactions": LOG,
                  "init_args": {"init_args": {"feature_schema": [
                      {"column": "a", "feature_hint": ["ITEM_ID"]}]}}},
         "init_args.json: expected columns with the hints QUERY_ID and ITEM_ID, got none; save"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_clear_line(
    tmp_path: Path, make: Callable[..., Source], frames: dict[str, Any], words: str
) -> None:
    if "init_args" in frames:
        (tmp_path / "init_args.json").write_text(json.dumps(frames["init_args"]))
    tables = {name: frame for name, frame in frames.items() if name != "init_args"}
    with pytest.raises(InputError) as caught:
        check_tables(make(root=written(tmp_path, **tables)).load())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [RecTools, RePlay])
def test_a_folder_without_interactions(tmp_path: Path, make: Callable[..., Source]) -> None:
    with pytest.raises(InputError, match=r"expected interactions.parquet or interactions.csv; the"):
        make(root=str(tmp_path))
    (tmp_path / "interactions.csv.gz").write_bytes(b"")
    with pytest.raises(InputError, match=r"interactions.csv.gz: expected a CSV file, or Parquet, "):
        make(root=str(tmp_path)).load()
