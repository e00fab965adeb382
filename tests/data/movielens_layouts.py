"""Writes MovieLens 100K, or any frames like it, in the layouts of other data sets and libraries."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.data.sources.movielens_1m import OCCUPATIONS

Frames = Mapping[str, pd.DataFrame]
"""`inter`, `user` and `item`, as the files of `data=movielens`."""


def movielens_1m(frames: Frames, folder: Path) -> None:
    """`::` between fields, in Latin-1; occupations are numbers."""
    users = frames["user"]
    jobs = users["occupation"].map(dict.fromkeys(users["occupation"], "20"))
    people = pd.DataFrame(
        [users["user_id"], users["gender"], users["age"], jobs, users["zip_code"]]
    ).T
    films = _films(frames)[["item_id", "title", "genres"]]
    for name, frame in (("ratings", frames["inter"]), ("users", people), ("movies", films)):
        lines = ["::".join(map(str, row)) for row in frame.itertuples(index=False)]
        (folder / f"{name}.dat").write_text("\n".join(lines) + "\n", encoding="latin-1")
    assert OCCUPATIONS[20] == "writer"


def movielens_csv(frames: Frames, folder: Path) -> None:
    """CSV with a header, whose titles are in quotes where they have a comma."""
    names = {"user_id": "userId", "item_id": "movieId"}
    frames["inter"].rename(columns=names).to_csv(folder / "ratings.csv", index=False)
    films = _films(frames).rename(columns=names)
    films[["movieId", "title", "genres"]].to_csv(folder / "movies.csv", index=False)


def recbole(frames: Frames, folder: Path) -> None:
    """Atomic files, as RecBole publishes them."""
    tokens = dict.fromkeys(frames["user"], "token")
    films = {"item_id": "token", "movie_title": "token_seq", "release_year": "token",
             "class": "token_seq"}  # fmt: skip
    events = {"user_id": "token", "item_id": "token", "rating": "float", "timestamp": "float"}
    for suffix, name, types in (
        ("inter", "inter", events), ("user", "user", tokens), ("item", "item", films),
    ):  # fmt: skip
        frame = frames[name][list(types)]
        header = [f"{column}:{kind}" for column, kind in types.items()]
        text = frame.set_axis(header, axis=1).to_csv(sep="\t", index=False)
        (folder / f"{folder.name}.{suffix}").write_text(text, encoding="utf8")


def lenskit(frames: Frames, folder: Path) -> None:
    """Row numbers in place of ids, beside the entities and a schema."""
    films = frames["item"].assign(genre=frames["item"]["class"].str.split(" "))
    films = films.drop(columns="class").assign(release_year=_year(films))
    frames["user"].to_parquet(folder / "user.parquet", index=False)
    films.to_parquet(folder / "item.parquet", index=False)
    events = frames["inter"]
    rows = {
        f"{entity}_num": pd.Index(frames[entity][f"{entity}_id"])
        .get_indexer(pd.Index(events[f"{entity}_id"]))
        .astype(np.int32)
        for entity in ("user", "item")
    }
    moments = pd.to_datetime(events["timestamp"], unit="s")
    table = pd.DataFrame({**rows, "rating": events["rating"], "timestamp": moments})
    table.to_parquet(folder / "rating.parquet", index=False)
    relation = {"entities": {"user": None, "item": None}, "interaction": True}
    schema = {
        "version": "2025.3", "name": "ml-100k", "default_interaction": "rating",
        "entities": {"user": {}, "item": {}}, "relationships": {"rating": relation},
    }  # fmt: skip
    (folder / "schema.json").write_text(json.dumps(schema))


def rectools(frames: Frames, folder: Path) -> None:
    """Frames with RecTools' columns; long features."""
    names = {"rating": "weight", "timestamp": "datetime"}
    events = frames["inter"].rename(columns=names)
    events["datetime"] = pd.to_datetime(events["datetime"], unit="s")
    events.to_parquet(folder / "interactions.parquet", index=False)
    users = frames["user"].astype(str).melt("user_id", var_name="feature")
    users.to_csv(folder / "user_features.csv", index=False)
    films = frames["item"].assign(release_year=_year(frames["item"]))
    genres = films.assign(value=films["class"].str.split(" ")).explode("value")
    others = films[["item_id", "movie_title", "release_year"]].melt("item_id", var_name="feature")
    long = pd.concat([genres[["item_id", "value"]].assign(feature="genre"), others])
    long.to_csv(folder / "item_features.csv", index=False)


def replay(frames: Frames, folder: Path) -> None:
    """Frames with RePlay's usual columns, without `init_args.json`."""
    names = {"user_id": "query_id"}
    frames["inter"].rename(columns=names).to_csv(folder / "interactions.csv", index=False)
    frames["user"].rename(columns=names).to_parquet(folder / "query_features.parquet")
    films = frames["item"].assign(genre=frames["item"]["class"].str.split(" "))
    films = films.drop(columns="class").assign(release_year=_year(films))
    films.to_parquet(folder / "item_features.parquet")


def _films(frames: Frames) -> pd.DataFrame:
    films = frames["item"]
    year = films["release_year"].where(films["release_year"].str.fullmatch(r"\d{4}"))
    years = (" (" + year + ")").fillna("")
    genres = films["class"].str.replace(" ", "|")
    return films.assign(title=films["movie_title"] + years, genres=genres)


def _year(films: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(films["release_year"], errors="coerce")
