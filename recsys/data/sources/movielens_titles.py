"""Films as MovieLens lists them from 1M on: a title with its year, and genres between bars."""

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
