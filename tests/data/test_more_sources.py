from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from public_data import published

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.interactions import NEVER
from recsys.data.source import Source
from recsys.data.sources.movielens import MovieLens
from recsys.data.sources.retail_rocket import RetailRocket
from recsys.data.split import GivenSplit, TimeSplit
from recsys.errors import InputError


def dataset(source: Source) -> Dataset:
    return build(source, check_tables(source.load()))


def seconds(*moments: str) -> list[int]:
    return [int(pd.Timestamp(moment, tz="UTC").timestamp()) for moment in moments]


def write(folder: Path, frames: dict[str, dict[str, Any]], **change: dict[str, Any]) -> str:
    """The frames as Parquet files; a change replaces columns, None takes one away."""
    for name, frame in frames.items():
        table = pd.DataFrame({**frame, **change.get(name, {})}).dropna(axis=1, how="all")
        table.to_parquet(folder / f"{name}.parquet")
    return str(folder)


# --- retail_rocket ----------------------------------------------------------------------

SHOP = {
    "train": {
        "user": [0, 0, 0, 0, 1, 1],
        "item": [5, 4, 6, 9, 5, 7],
        "behaviour": ["view", "view", "buy", "buy", "buy", "cart"],
        "timestamp": seconds("2015-05-03", *["2015-05-04"] * 5),
    },
    "test": {"user": [0, 1], "item": [7, 8]},
}


def test_the_shop_has_a_published_split(tmp_path: Path) -> None:
    events = check_tables(RetailRocket(root=write(tmp_path, SHOP)).load()).interactions
    assert list(events["part"]) == ["train"] * 6 + ["test"] * 2
    bought = ["purchase"] * 3
    assert list(events["action"]) == ["view", "view", *bought, "cart", "purchase", "purchase"]
    assert events["timestamp"].iloc[0] == pd.Timestamp("2015-05-03", tz="UTC")
    assert events["timestamp"].isna().tolist() == [False] * 6 + [True] * 2


def test_test_is_later_than_everything_and_any_action_is_seen(tmp_path: Path) -> None:
    source = RetailRocket(root=write(tmp_path, SHOP))
    data = dataset(source)
    assert data.interactions.when is not None
    assert (data.interactions.when[data.interactions.given_test] == NEVER).all()
    queries = GivenSplit(valid_fraction=0.9).split(data, source).test.queries
    assert queries.seen is not None
    names = data.products.ids
    for position, customer in enumerate(queries.customers):
        seen = set(names[queries.seen[[position]].indices])
        relevant = set(names[queries.relevant[[position]].indices])
        wanted = {0: ({4, 5, 6, 9}, {7}), 1: ({5, 7}, {8})}
        assert (seen, relevant) == wanted[data.customers.ids[customer]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"behaviour": ["view", "buy", "wish", "buy", "cart", "buy"]},
         r"interactions: row 2, column 'action': expected one of view, .* got 'wish'"),
        ({"behaviour": None}, r"train.parquet: expected column 'behaviour'; the file holds user"),
        ({"timestamp": ["2015-05-03"] * 6}, r"'timestamp': expected whole seconds since 1970, got"),
    ],
)  # fmt: skip
def test_a_shop_of_another_shape_is_refused(tmp_path: Path, change: Any, words: str) -> None:
    source = RetailRocket(root=write(tmp_path, SHOP, train=change))
    with pytest.raises(InputError, match=words) as caught:
        dataset(source)
    assert "\n" not in str(caught.value)


# --- movielens --------------------------------------------------------------------------

CINEMA = {
    "inter": {
        "user_id": [1, 1, 2, 2],
        "item_id": [10, 11, 10, 12],
        "rating": [5, 1, 3, 4],
        "timestamp": seconds("1998-03-01", "1998-03-08", "1998-03-09", "1998-04-02"),
    },
    "item": {
        "item_id": [10, 11, 12],
        "movie_title": ["Toy Story", "GoldenEye", "unkonwn"],
        "release_year": ["1995", "1995", "V"],
        "class": ["Animation Children's Comedy", "Action", "unknown"],
    },
    "user": {
        "user_id": [1, 2],
        "age": [24, 53],
        "gender": ["M", "F"],
        "occupation": ["technician", "other"],
        "zip_code": ["85711", "V1G4L"],
    },
}


def test_a_rating_is_a_view_worth_its_stars(tmp_path: Path) -> None:
    events = check_tables(MovieLens(root=write(tmp_path, CINEMA)).load()).interactions
    assert list(events.columns) == ["customer_id", "product_id", "value", "timestamp", "action"]
    assert set(events["action"]) == {"view"}
    assert events["value"].tolist() == [5.0, 1.0, 3.0, 4.0]
    assert events["timestamp"].iloc[-1] == pd.Timestamp("1998-04-02", tz="UTC")


def test_films_and_people_have_features(tmp_path: Path) -> None:
    tables = check_tables(MovieLens(root=write(tmp_path, CINEMA)).load())
    assert tables.customers is not None
    assert tables.products is not None
    assert list(tables.customers) == ["customer_id", "age", "gender", "occupation", "zip_code"]
    films = tables.products.set_index("product_id")
    assert films["release_year"].tolist()[:2] == [1995, 1995]
    assert films["release_year"].isna().tolist() == [False, False, True]
    genres = films.loc[:, [name for name in films if name.startswith("genre_")]]
    assert [set(genres.columns[row]) for row in genres.to_numpy()] == [
        {"genre_Animation", "genre_Children's", "genre_Comedy"}, {"genre_Action"},
        {"genre_unknown"},
    ]  # fmt: skip


def test_the_cutoffs_split_the_ratings(tmp_path: Path) -> None:
    source = MovieLens(root=write(tmp_path, CINEMA))
    data = dataset(source)
    split = TimeSplit().split(data, source)
    assert [len(window.past.interactions) for window in (split.valid, split.test)] == [1, 3]
    assert [len(window.queries) for window in (split.valid, split.test)] == [2, 1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"item": {"class": None}}, r"item.parquet: expected column 'class'; the file holds item"),
        ({"user": {"age": None}}, r"user.parquet: expected column 'age'"),
        ({"inter": {"timestamp": [1.5] * 4}}, r"'timestamp': expected whole seconds .* float64"),
        ({"item": {"item_id": [10, 10, 12]}}, r"row 1, column 'product_id': expected each id"),
    ],
)
def test_a_cinema_of_another_shape_is_refused(tmp_path: Path, change: Any, words: str) -> None:
    source = MovieLens(root=write(tmp_path, CINEMA, **change))
    with pytest.raises(InputError, match=words) as caught:
        dataset(source)
    assert "\n" not in str(caught.value)


# --- both -------------------------------------------------------------------------------

BOTH = [(RetailRocket, SHOP, "test"), (MovieLens, CINEMA, "inter")]


@pytest.mark.parametrize(("source", "frames", "file"), BOTH)
def test_files_that_miss_or_cannot_be_read_are_named(
    tmp_path: Path, source: Any, frames: Any, file: str
) -> None:
    with pytest.raises(InputError, match=r"data.root=.*nowhere: expected a folder, and there is"):
        source(root=str(tmp_path / "nowhere"))
    root = write(tmp_path, frames)
    (tmp_path / f"{file}.parquet").write_bytes(b"PAR1 no")
    says = rf"^{file}.parquet cannot be read as Parquet: ."
    with pytest.raises(InputError, match=says) as caught:
        source(root=root).load()
    assert "\n" not in str(caught.value)
    (tmp_path / f"{file}.parquet").unlink()
    with pytest.raises(InputError, match=rf"data.root=.*: expected {file}.parquet there"):
        source(root=root)


@pytest.mark.realdata
def test_retail_rocket_holds_what_was_published() -> None:
    source = RetailRocket(root=published("retail_rocket"))
    data = dataset(source)
    events = data.interactions
    assert events.given_test is not None
    assert events.when is not None
    train, test = events.select(~events.given_test), events.select(events.given_test)
    counts = {
        action: int(train.has_action((action,)).sum()) for action in ("view", "cart", "purchase")
    }
    assert counts == {"view": 75_374, "cart": 12_456, "purchase": 9_551}
    assert (len(data.customers), len(data.products)) == (2_174, 30_113)
    assert len(np.unique(train.products)) == 29_905
    assert len(test) == len(np.unique(test.customers)) == 2_174
    assert test.has_action(("purchase",)).all()
    assert np.isin(test.products, train.products).mean() == pytest.approx(0.90, abs=0.005)
    bought = train.products[train.has_action(("purchase",))]
    assert np.isin(test.products, bought).mean() == pytest.approx(0.42, abs=0.005)
    assert train.when is not None
    assert pd.Timestamp(train.when.min(), unit="us").date() == pd.Timestamp("2015-05-03").date()
    assert pd.Timestamp(train.when.max(), unit="us").date() == pd.Timestamp("2015-09-18").date()
    lengths = np.bincount(train.customers)
    assert ((lengths > 300).sum(), lengths.max()) == (66, 4_961)
    window = GivenSplit().split(data, source).test
    # No product of test was seen in train, so none leaves the answers.
    assert len(window.queries) == window.queries.relevant.nnz == 2_174
    assert len(window.past.interactions) == 97_381


@pytest.mark.realdata
def test_movielens_holds_what_was_published() -> None:
    source = MovieLens(root=published("movielens_100k"))
    data = dataset(source)
    assert len(data.interactions) == 100_000
    assert (len(data.customers), len(data.products)) == (943, 1_682)
    films = data.side_tables["products"]
    assert films["movie_title"].nunique() == 1_659
    assert sum(name.startswith("genre_") for name in films) == 19
    assert films["release_year"].isna().sum() == 2
    assert len(data.side_tables["customers"]) == 943
    assert data.history_lengths.min() == 20
    split = TimeSplit().split(data, source)
    shares = [len(window.past.interactions) / 100_000 for window in (split.valid, split.test)]
    assert shares == pytest.approx([0.8, 0.9], abs=0.01)
    queries = [window.queries for window in (split.valid, split.test)]
    assert [len(of_window) for of_window in queries] == [199, 162]
    assert [int((of_window.history > 0).sum()) for of_window in queries] == [80, 88]
