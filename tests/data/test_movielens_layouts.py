"""MovieLens 1M and 20M to 32M as published, and 100K in every layout that the sources read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import movielens_layouts
import numpy as np
import pandas as pd
import pytest
from public_data import published

from recsys import Dataset, TimeSplit
from recsys.data.check import check_tables
from recsys.data.source import Source
from recsys.data.sources.lenskit import LensKit
from recsys.data.sources.movielens import MovieLens
from recsys.data.sources.movielens_1m import MovieLens1M
from recsys.data.sources.movielens_csv import MovieLensCsv
from recsys.data.sources.recbole import RecBole
from recsys.data.sources.rectools import RecTools
from recsys.data.sources.replay import RePlay
from recsys.errors import InputError
from recsys.testing import SourceContract

RATINGS = "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978400000\n2::2::1::979000000\n"
USERS = "1::F::1::10::48067\n2::M::56::16::02139\n"
MOVIES = (
    "1193::Léon: The Professional (a.k.a. The Professional) (1994)::Crime|Drama\n"
    "661::James and the Giant Peach (1996)::Animation\n"
    "2::Jumanji ::Adventure|Children's\n"
)


def one_million(folder: Path, **changed: str) -> MovieLens1M:
    """Files as of MovieLens 1M, in Latin-1."""
    texts = {"ratings": RATINGS, "users": USERS, "movies": MOVIES, **changed}
    for name, text in texts.items():
        (folder / f"{name}.dat").write_text(text, encoding="latin-1")
    return MovieLens1M(root=str(folder))


def as_csv(folder: Path, tags: bool = False, **changed: str) -> MovieLensCsv:
    """Files as of MovieLens 20M to 32M."""
    texts = {
        "ratings": "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,3.0,1260759179\n"
                   "7,31,4.5,1260860000\n7,10,5.0,1360860000\n",
        "movies": 'movieId,title,genres\n31,"Dangerous, Minds (1995)",Drama\n'
                  "1029,Dumbo (1941),Animation|Children\n10,Babylon 5,(no genres listed)\n",
        "tags": "userId,movieId,tag,timestamp\n7,10,dark,1360860009\n8,10,\"so, so\",1360860010\n",
        **changed,
    }  # fmt: skip
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf8")
    return MovieLensCsv(root=str(folder), tags=tags)


class TestOneMillion(SourceContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self) -> Source:
        return one_million(self.folder)


class TestCsv(SourceContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self) -> Source:
        return as_csv(self.folder, tags=True)


def test_films_have_a_title_a_year_and_genres_also_in_latin_1(tmp_path: Path) -> None:
    tables = check_tables(one_million(tmp_path).load())
    assert tables.products is not None
    films = tables.products.set_index("product_id")
    title = "Léon: The Professional (a.k.a. The Professional)"
    assert films["movie_title"].tolist() == [title, "James and the Giant Peach", "Jumanji"]
    assert films["release_year"].tolist()[:2] == [1994.0, 1996.0]
    assert np.isnan(films["release_year"].iloc[2])
    genres = films.loc[2, [name for name in films if str(name).startswith("genre_")]]
    assert genres[genres.astype(bool)].index.tolist() == ["genre_Adventure", "genre_Children's"]


def test_members_keep_the_zeros_of_their_codes(tmp_path: Path) -> None:
    tables = check_tables(one_million(tmp_path).load())
    assert tables.customers is not None
    people = tables.customers.set_index("customer_id")
    assert people["zip_code"].tolist() == ["48067", "02139"]
    assert people["occupation"].tolist() == ["school student", "self-employed"]
    assert people["age"].tolist() == [1, 56]


def test_ratings_are_views_at_utc_seconds_worth_their_stars(tmp_path: Path) -> None:
    events = check_tables(as_csv(tmp_path).load()).interactions
    assert set(events["action"]) == {"view"}
    assert events["value"].tolist() == [2.5, 3.0, 4.5, 5.0]
    assert events["timestamp"].iloc[0] == pd.Timestamp("2009-12-14 02:52:24", tz="UTC")


def test_tags_are_clicks_if_wanted(tmp_path: Path) -> None:
    events = check_tables(as_csv(tmp_path, tags=True).load()).interactions
    assert events["action"].tolist() == ["view"] * 4 + ["click"] * 2
    assert events["customer_id"].tolist()[-2:] == [7, 8]
    assert events["value"].isna().tolist() == [False] * 4 + [True] * 2


def test_no_genre_listed_is_no_genre(tmp_path: Path) -> None:
    films = check_tables(as_csv(tmp_path).load()).products
    assert films is not None
    assert not films.filter(like="genre_").iloc[2].any()
    assert films.filter(like="genre_").columns.tolist() == [
        "genre_Animation", "genre_Children", "genre_Drama",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "changed", "words"),
    [
        (one_million, {"ratings": RATINGS + "3::1::x::1\n"},
         "ratings.dat: line 5, column 'value': expected a number, got 'x'; fix the value"),
        (one_million, {"ratings": "1::1193::5\n"},
         "ratings.dat: line 1: expected 4 fields, got 3; fix the line"),
        (one_million, {"users": "1::F::1::10\n"}, "users.dat: line 1: expected 5 fields, got 4"),
        (one_million, {"ratings": RATINGS + "::1::1::1\n"},
         "ratings.dat: line 5, column 'customer_id': expected a value, got none; fill it in"),
        (one_million, {"ratings": "1,1193,5,978300760\n"}, "line 1: expected 4 fields, got 1"),
        (one_million, {"movies": ""}, "movies.dat is empty: expected rows; export it again"),
        (as_csv, {"ratings": "userId,movieId,rating\n1,2,3\n"},
         "ratings.csv: expected column 'timestamp'; the file holds userId, movieId, rating; is it"),
        (as_csv, {"ratings": "userId,movieId,rating,timestamp\n\n1,2,3,4\n\n1,2,3,a day\n"},
         "ratings.csv: line 5, column 'timestamp': expected a number, got 'a day'; fix the value"),
        (as_csv, {"ratings": "userId,movieId,rating,timestamp\n1,2,3,1260759144000\n"},
         "line 2, column 'timestamp': expected seconds since 1970, got '1260759144000'; "),
        (as_csv, {"movies": 'movieId,title,genres\n1,"open,Drama\n'},
         "movies.csv: line 2: expected 3 fields, got 2; fix the line, or close its double quote"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_by_file_line_and_column(
    tmp_path: Path, make: Callable[..., Source], changed: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        make(tmp_path, **changed).load()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_files_are_said(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("")
    with pytest.raises(InputError, match=r"expected ratings.dat, users.dat, movies.dat there; the"):
        MovieLens1M(root=str(tmp_path))
    with pytest.raises(InputError, match=r"expected movies.csv, tags.csv there; the folder holds"):
        MovieLensCsv(root=str(tmp_path), tags=True)


@pytest.mark.parametrize(
    ("file", "name"), [("ratings.dat", "movielens_1m"), ("ratings.csv", "movielens_32m")]
)
def test_the_source_of_another_publication_is_named(tmp_path: Path, file: str, name: str) -> None:
    (tmp_path / file).touch()
    with pytest.raises(InputError, match=f"got {file} of another MovieLens; set data={name}"):
        MovieLens(root=str(tmp_path))


# --- 100K in every layout ---------------------------------------------------------------

GENRE = "genre_"
LAYOUTS: dict[str, Callable[..., Any]] = {
    "movielens_1m": MovieLens1M, "movielens_csv": MovieLensCsv, "recbole": RecBole,
    "lenskit": LensKit, "rectools": RecTools, "replay": RePlay,
}  # fmt: skip


@pytest.fixture(scope="module")
def of_parquet() -> Dataset:
    """MovieLens 100K as `data=movielens` reads it."""
    return Dataset.from_source(MovieLens(root=published("movielens_100k")))


@pytest.mark.realdata
@pytest.mark.parametrize("layout", LAYOUTS)
def test_movielens_100k_is_the_same_in_every_layout(
    tmp_path: Path, of_parquet: Dataset, layout: str
) -> None:
    root = Path(published("movielens_100k"))
    frames = {name: pd.read_parquet(root / f"{name}.parquet") for name in ("inter", "user", "item")}
    getattr(movielens_layouts, layout)(frames, tmp_path)
    source = LAYOUTS[layout](root=str(tmp_path))
    data = Dataset.from_source(source)
    for kind in ("customers", "products"):
        np.testing.assert_array_equal(getattr(data, kind).ids, getattr(of_parquet, kind).ids)
    events, expected = data.interactions, of_parquet.interactions
    stars = events.weights if layout == "rectools" else events.values
    np.testing.assert_array_equal(events.customers, expected.customers)
    np.testing.assert_array_equal(events.products, expected.products)
    np.testing.assert_array_equal(events.when, expected.when)
    np.testing.assert_array_equal(stars, expected.values)
    if layout.startswith("movielens"):
        np.testing.assert_array_equal(events.actions, expected.actions)
    # The stated rule gives the cut-offs that were agreed for 100K.
    assert source.cutoffs == MovieLens.cutoffs
    assert len(TimeSplit().split(data).test.queries) == 162
    _same_features(data, of_parquet, layout)


def _same_features(data: Dataset, expected: Dataset, layout: str) -> None:
    """What the layout can hold: 20M knows nothing of members, 1M no names of occupations."""
    films = data.side_tables["products"].rename(columns=lambda name: name.replace("class_", GENRE))
    films = films.assign(release_year=pd.to_numeric(films["release_year"], errors="coerce"))
    wanted = expected.side_tables["products"]
    if layout.startswith("movielens"):
        # A title that ends with a year, of a film without one, and the genre "unknown".
        wanted = wanted[wanted["product_id"] != 1412]
    _require_same(films, wanted, "product_id")
    if layout != "movielens_csv":
        members = expected.side_tables["customers"]
        lost = ["occupation"] if layout == "movielens_1m" else []
        _require_same(data.side_tables["customers"], members.drop(columns=lost), "customer_id")


def _require_same(table: pd.DataFrame, wanted: pd.DataFrame, key: str) -> None:
    rows = wanted[[key]].merge(table, on=key, how="left")
    for name in wanted:
        texts = (each[name].astype(str).str.removesuffix(".0").tolist() for each in (rows, wanted))
        assert next(texts) == next(texts), name
