"""MovieLens 100K: ratings of films by the members of a web site, with ages and genres.

Cut-offs: valid from 1998-03-07, test from 1998-04-01, where 80 % and 90 % of the ratings have
passed. Seen products are left out of the ranking: nobody rates a film twice.
A rating is an event `view`, whatever its stars: it shows that the film was watched, and most are
good. The stars are in `value`; a source of your own may turn them into `weight`.
Odd: times are those of rating, not of watching, and half of all members rate everything within
an hour of joining. So after a cut-off most are new: 80 of 199 customers of valid and 88 of 162 of
test have any history. Members with fewer than 20 ratings were removed before publication. Of the
1,682 films 18 are listed twice under another id, one is called `unkonwn`, two have no year.
"""

import pandas as pd

from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.sources.parquet import read_columns
from recsys.data.tables import Tables
from recsys.errors import InputError

_IDS = {"user_id": columns.CUSTOMER, "item_id": columns.PRODUCT}
_RATINGS = (*_IDS, "rating", columns.TIMESTAMP)
_PEOPLE = ("user_id", "age", "gender", "occupation", "zip_code")
_FILMS = ("item_id", "movie_title", "release_year", "class")

_FILES = ("inter.parquet", "item.parquet", "user.parquet")
_OTHERS = {"ratings.dat": "movielens_1m", "ratings.csv": "movielens_32m"}
"""A file of another publication -> its source."""


class MovieLens:
    """Ratings as views; customers with age, gender and occupation, films with year and genres.

    Args:
        root: folder with `inter.parquet`, `item.parquet` and `user.parquet`.
    """

    name: str = "movielens"
    version: str = "1"
    cutoffs: Cutoffs | None = Cutoffs(
        valid_from=pd.Timestamp("1998-03-07", tz="UTC"),
        test_from=pd.Timestamp("1998-04-01", tz="UTC"),
    )
    filter_seen: bool = True
    targets: tuple[str, ...] = ("view",)

    def __init__(self, *, root: str) -> None:
        self.folder = data_folder(root, ())
        for file, name in _OTHERS.items():
            if (self.folder / file).exists() and not (self.folder / _FILES[0]).exists():
                raise InputError(
                    f"data.root={root}: expected MovieLens 100K as Parquet, got {file} of another "
                    f"MovieLens; set data={name}"
                )
        data_folder(root, _FILES)

    def load(self) -> Tables:
        """An event per rating, and the features of customers and films."""
        ratings = read_columns(
            self.folder / "inter.parquet", _RATINGS, seconds=columns.TIMESTAMP
        ).rename(columns={**_IDS, "rating": columns.VALUE})
        ratings[columns.ACTION] = "view"
        return Tables(
            interactions=ratings,
            customers=read_columns(self.folder / "user.parquet", _PEOPLE).rename(columns=_IDS),
            products=_films(read_columns(self.folder / "item.parquet", _FILMS)),
        )


def _films(films: pd.DataFrame) -> pd.DataFrame:
    # A film has several genres: a flag for each, since there are too many combinations to learn.
    genres = films["class"].str.get_dummies(" ").astype(bool).add_prefix("genre_")
    described = films.drop(columns="class").rename(columns=_IDS)
    years = pd.to_numeric(described["release_year"], errors="coerce")
    return pd.concat([described.assign(release_year=years), genres], axis=1)
