"""MovieLens 20M, 25M, 32M and latest as published: `ratings.csv`, `movies.csv` and `tags.csv`.

Cut-offs: the midnights that are nearest to where 80 % and 90 % of the ratings have passed. Seen
products are left out of the ranking: nobody rates a film twice.
A rating is an event `view`, whatever its stars, which are its `value` (half stars from 2003 on): it
shows that the film was watched. With `data.tags=true` a tag that a member gave a film is an event
`click`; its text is not read. Times are seconds since 1970, UTC. `links.csv` and the tag genome are
not read.
Odd: nothing is known of the members. The year is part of a film's title. Times are those of rating,
not of watching, and many members rate everything on the day they join. Members with fewer than 20
ratings were removed before publication.
"""

import csv
from collections.abc import Mapping

import pandas as pd

from recsys.data import columns
from recsys.data.categories import of_same_categories, plain
from recsys.data.cells import listed
from recsys.data.kinds import Kind
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.sources.movielens_titles import described_films
from recsys.data.sources.separated import stream_text
from recsys.data.sources.shares import cutoffs_by_share
from recsys.data.sources.text_file import TextFile, first_line
from recsys.data.stream.repeated import repeated
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.memory import Memory

_IDS = {"userId": columns.CUSTOMER, "movieId": columns.PRODUCT}
_RATINGS: Mapping[str, Kind] = {
    "userId": "id", "movieId": "id", "rating": "number", "timestamp": "moment"
}  # fmt: skip
_TAGS: Mapping[str, Kind] = {"userId": "id", "movieId": "id", "timestamp": "moment"}
_MOVIES: Mapping[str, Kind] = {"movieId": "id", "title": "text", "genres": "text"}


class MovieLensCsv:
    """Ratings as views, tags as clicks; films with year and genres.

    Args:
        root: folder with `ratings.csv` and `movies.csv`; its name becomes the name of the data.
        tags: whether the tags of `tags.csv` are events too.

    Attributes:
        cutoffs: known from `load` on.
    """

    version: str = "1"
    cutoffs: Cutoffs | None = None
    filter_seen: bool = True
    targets: tuple[str, ...] = ("view",)

    def __init__(self, *, root: str, tags: bool = False) -> None:
        needed = ("ratings.csv", "movies.csv", *(("tags.csv",) if tags else ()))
        self.folder = data_folder(root, needed)
        self.name = self.folder.resolve().name
        self.tags = tags
        self.memory = Memory()

    def load(self) -> Tables:
        """An event per rating, and per tag where they are wanted; the features of films."""
        names = {**_IDS, "rating": columns.VALUE}
        events = self._read("ratings.csv", _RATINGS).rename(columns=names)
        events[columns.ACTION] = self._action("view", len(events))
        self.cutoffs = cutoffs_by_share(events[columns.TIMESTAMP])
        if self.tags:
            tags = self._read("tags.csv", _TAGS).rename(columns=_IDS)
            tags[columns.ACTION] = self._action("click", len(tags))
            events = _joined(events, tags)
        films = self._read("movies.csv", _MOVIES).rename(columns=_IDS)
        return Tables(interactions=events, products=described_films(films))

    def _action(self, action: str, count: int) -> pd.Series:
        return repeated(pd.Series(pd.Categorical([action])), [count], self.memory)

    def _read(self, name: str, kinds: Mapping[str, Kind]) -> pd.DataFrame:
        path = self.folder / name
        header = next(csv.reader([first_line(path)]))
        missing = [column for column in kinds if column not in header]
        if missing:
            raise InputError(
                f"{name}: expected column '{missing[0]}'; the file holds {listed(header)}; is it "
                "the published file?"
            )
        file = TextFile(path=path, names=header)
        needed = [column for column in kinds if column in _IDS]
        return stream_text([file], kinds, self.memory, required=needed).frame


def _joined(events: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Both, one after the other; texts and ids stay categories."""
    others = others.copy()
    for name in (*_IDS.values(), columns.ACTION):
        events[name], others[name] = of_same_categories(events[name], plain(others[name]))
    return pd.concat([events, others], ignore_index=True)
