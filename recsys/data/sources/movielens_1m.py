"""MovieLens 1M as published: `ratings.dat`, `users.dat` and `movies.dat`, separated by `::`.

Cut-offs: the midnights that are nearest to where 80 % and 90 % of the ratings have passed. Seen
products are left out of the ranking: nobody rates a film twice.
A rating is an event `view`, whatever its stars, which are its `value`: it shows that the film was
watched. Times are seconds since 1970, UTC.
Odd: the files are Latin-1. An age is the lowest of its range, and 1 stands for under 18. The year
is part of a film's title. Times are those of rating, not of watching. Members with fewer than 20
ratings were removed before publication.
"""

from pathlib import Path

import pandas as pd

from recsys.data import columns
from recsys.data.categories import plain
from recsys.data.kinds import Kind
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.sources.movielens_titles import described_films
from recsys.data.sources.separated import stream_text
from recsys.data.sources.shares import cutoffs_by_share
from recsys.data.sources.text_file import TextFile
from recsys.data.stream.repeated import repeated
from recsys.data.tables import Tables
from recsys.ops.memory import Memory

_RATINGS: dict[str, Kind] = {
    columns.CUSTOMER: "id", columns.PRODUCT: "id", columns.VALUE: "number",
    columns.TIMESTAMP: "moment",
}  # fmt: skip
_USERS: dict[str, Kind] = {
    columns.CUSTOMER: "id", "gender": "text", "age": "number", "occupation": "text",
    "zip_code": "text",
}  # fmt: skip
_MOVIES: dict[str, Kind] = {columns.PRODUCT: "id", "title": "text", "genres": "text"}

OCCUPATIONS = (
    "other", "educator", "artist", "clerical", "college student", "customer service",
    "health care", "executive", "farmer", "homemaker", "school student", "lawyer", "programmer",
    "retired", "sales", "scientist", "self-employed", "technician", "craftsman", "unemployed",
    "writer",
)  # fmt: skip
"""What the numbers 0 to 20 of `users.dat` mean, in short."""


class MovieLens1M:
    """Ratings as views; customers with age, gender and occupation, films with year and genres.

    Args:
        root: folder with `ratings.dat`, `users.dat` and `movies.dat`.

    Attributes:
        cutoffs: known from `load` on.
    """

    name: str = "movielens_1m"
    version: str = "1"
    cutoffs: Cutoffs | None = None
    filter_seen: bool = True
    targets: tuple[str, ...] = ("view",)

    def __init__(self, *, root: str) -> None:
        self.folder = data_folder(root, ("ratings.dat", "users.dat", "movies.dat"))
        self.memory = Memory()

    def load(self) -> Tables:
        """An event per rating, and the features of customers and films."""
        ratings = self._read("ratings.dat", _RATINGS)
        users = self._read("users.dat", _USERS)
        users[columns.CUSTOMER] = plain(users[columns.CUSTOMER])
        names = {str(number): name for number, name in enumerate(OCCUPATIONS)}
        occupations = users["occupation"].cat.categories
        users["occupation"] = users["occupation"].cat.rename_categories(
            [names.get(code, code) for code in occupations]
        )
        self.cutoffs = cutoffs_by_share(ratings[columns.TIMESTAMP])
        views = repeated(pd.Series(pd.Categorical(["view"])), [len(ratings)], self.memory)
        return Tables(
            interactions=ratings.assign(**{columns.ACTION: views}),
            customers=users,
            products=described_films(self._read("movies.dat", _MOVIES)),
        )

    def _read(self, name: str, kinds: dict[str, Kind]) -> pd.DataFrame:
        path: Path = self.folder / name
        file = TextFile(
            path=path, names=list(kinds), separator="::", header_lines=0, has_quotes=False,
            encoding="latin-1",
        )  # fmt: skip
        needed = [each for each in kinds if each in columns.IDS]
        return stream_text([file], kinds, self.memory, required=needed).frame
