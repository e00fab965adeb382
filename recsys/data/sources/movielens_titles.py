"""What MovieLens has from 1M on: films with their year in the title and genres between bars."""

import numpy as np
import pandas as pd

from recsys.data.categories import plain
from recsys.data.sources.several_values import flags, split_texts
from recsys.errors import InputError

NO_GENRES = "(no genres listed)"

_TITLE = r"^(?P<movie_title>.*?)(?:\s*\((?P<release_year>\d{4})\))?\s*$"


def described_films(films: pd.DataFrame) -> pd.DataFrame:
    """Films [n] with `movie_title`, `release_year` (NaN where unknown) and a flag for each genre.

    Args:
        films: with an id, `title`, as Toy Story (1995), and `genres`, as Comedy|Drama.

    Raises:
        InputError: there are too many genres for genres.
    """
    titles = plain(films["title"]).str.extract(_TITLE)
    titles["release_year"] = pd.to_numeric(titles["release_year"]).astype("float64")
    genres = plain(films["genres"])
    made = flags("genre", split_texts(genres.mask(genres == NO_GENRES), "|"))
    if made is None:
        raise InputError(
            "movies: column 'genres': expected genres such as Comedy|Drama, got more than 64 of "
            "them; is it the published file?"
        )
    described = films.drop(columns=["title", "genres"]).apply(plain)
    return pd.concat([described, titles, made], axis=1)


def actions(action: str, count: int) -> pd.Series:
    """The same action in each row [n], as a category."""
    return pd.Series(pd.Categorical.from_codes(np.zeros(count, np.int8), [action]))
