"""Who the customers of a chunk are: names, birth dates, addresses, and whom they live with."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.simulation import calendar
from recsys.simulation.person_words import CITIES, DOMAINS, GIVEN_NAMES, STREETS, SURNAMES

Texts = NDArray[np.object_]

NEIGHBOURS = 100
"""A household lies within so many customers in a row, so that small markets have some too."""
JOINS_HOUSEHOLD = 0.4
TWINS = 0.04
FAMILY_NAME = 0.75
SHARED_EMAIL, SHARED_PHONE, SHARED_DEVICE = 0.08, 0.25, 0.15
MOVES, LEAVES_ALONE, MARRIES = 0.12, 0.15, 0.03
ADDRESS = (columns.STREET, columns.STREET_NUMBER, columns.POSTCODE, columns.CITY)


@dataclass(frozen=True, kw_only=True, eq=False)
class Persons:
    """The N customers of a chunk.

    Attributes:
        before: column of `records` -> [N] texts, when the year begins.
        after: the same later; another address for who moves, another surname for who marries.
        moves: [N] float day of moving house; infinite for most.
        marries: [N] float day of taking another surname; infinite for most.
        device: [N] that app and shop are used with.
    """

    before: dict[str, Texts]
    after: dict[str, Texts]
    moves: FloatArray
    marries: FloatArray
    device: Texts

    def at(self, column: str, rows: IntArray, days: FloatArray) -> Texts:
        """[n] texts of a column, of persons [n] on days [n]."""
        since = self.marries if column == columns.SURNAME else self.moves
        is_after = days >= since[rows]
        return np.where(is_after, self.after[column][rows], self.before[column][rows])


def persons(age: IntArray, rng: np.random.Generator) -> Persons:
    """Draws persons of these ages [N], alone or in households, some of them twins."""
    count = len(age)
    own, twin = np.arange(count), _twins(age, rng)
    household = _households(count, rng)[twin]
    surname = _common(SURNAMES, count, rng)
    with_family = rng.random(count) < FAMILY_NAME
    surname = surname[np.where(with_family, household, own)][twin]
    given = _given_names(twin, rng)
    before = {
        columns.GIVEN_NAME: given,
        columns.SURNAME: surname,
        columns.BIRTH_DATE: _births(age, rng)[twin],
        columns.EMAIL: _emails(given, surname, rng)[_sharing(household, SHARED_EMAIL, rng)],
        columns.PHONE: _numbered("0{:09d}", count, rng)[_sharing(household, SHARED_PHONE, rng)],
        columns.LOYALTY: _numbered("L{:09d}", count, rng),
    }
    home = _addresses(count, rng)
    new_home = _addresses(count, rng)
    mover = np.where(rng.random(count) < LEAVES_ALONE, own, household)
    return Persons(
        before={**before, **{name: home[name][household] for name in ADDRESS}},
        after={
            **before,
            columns.SURNAME: _common(SURNAMES, count, rng),
            **{name: new_home[name][mover] for name in ADDRESS},
        },
        moves=_some_day(MOVES, count, rng)[mover],
        marries=_some_day(MARRIES, count, rng),
        device=_numbered("d{:09d}", count, rng)[_sharing(household, SHARED_DEVICE, rng)],
    )


def _twins(age: IntArray, rng: np.random.Generator) -> IntArray:
    """[N] the row of the twin that birth date, surname and household are of; else the own row."""
    count = len(age)
    twin = np.arange(count)
    order = np.lexsort((rng.random(count), age, twin // NEIGHBOURS))
    first, second = order[:-1], order[1:]
    same = (age[first] == age[second]) & (first // NEIGHBOURS == second // NEIGHBOURS)
    born_together = same & (rng.random(count - 1) < TWINS)
    # Of three in a row the second is a twin of the first, and the third of nobody.
    born_together[1:] &= ~born_together[:-1]
    twin[second[born_together]] = first[born_together]
    return twin


def _households(count: int, rng: np.random.Generator) -> IntArray:
    """[N] the row that stands for the household of each customer."""
    order = np.lexsort((rng.random(count), np.arange(count) // NEIGHBOURS))
    starts = rng.random(count) >= JOINS_HOUSEHOLD
    starts |= np.arange(count) % NEIGHBOURS == 0
    household = np.empty(count, np.int64)
    household[order] = order[np.flatnonzero(starts)[np.cumsum(starts) - 1]]
    return household


def _given_names(twin: IntArray, rng: np.random.Generator) -> Texts:
    names = _common(GIVEN_NAMES, len(twin), rng)
    while (same := (twin != np.arange(len(twin))) & (names == names[twin])).any():
        names[same] = _common(GIVEN_NAMES, int(same.sum()), rng)
    return names


def _sharing(household: IntArray, share: float, rng: np.random.Generator) -> IntArray:
    """[N] whose phone (e-mail, device) each uses: in a share of the households, that of one."""
    is_shared = rng.random(len(household)) < share
    return np.where(is_shared[household], household, np.arange(len(household)))


def _some_day(share: float, count: int, rng: np.random.Generator) -> FloatArray:
    happens = rng.random(count) < share
    return np.where(happens, rng.uniform(0, calendar.DAYS, count), np.inf)


def _births(age: IntArray, rng: np.random.Generator) -> Texts:
    """[N] `1980-05-17`: of the ages when the year begins."""
    year = calendar.START.year - 1 - age
    days = pd.to_timedelta(rng.integers(0, calendar.DAYS, len(age)), unit="D")
    dates = pd.to_datetime(pd.Series(year).astype(str) + "-01-01") + days
    return dates.dt.strftime("%Y-%m-%d").to_numpy(object)


def _emails(given: Texts, surname: Texts, rng: np.random.Generator) -> Texts:
    numbers = rng.integers(0, 1_000, len(given)).astype(str).astype(object)
    domains = np.array(DOMAINS, dtype=object)[rng.integers(0, len(DOMAINS), len(given))]
    return np.asarray(given + "." + surname + numbers + "@" + domains, dtype=object)


def _addresses(count: int, rng: np.random.Generator) -> dict[str, Texts]:
    """Street, number, postcode and city; the postcode lies in the city."""
    city = rng.choice(len(CITIES), count, p=_zipf(len(CITIES)))
    district = rng.integers(0, 20, count)
    return {
        columns.STREET: _common(STREETS, count, rng),
        columns.STREET_NUMBER: rng.integers(1, 150, count).astype(str).astype(object),
        columns.POSTCODE: (10_007 + 700 * city + 29 * district).astype(str).astype(object),
        columns.CITY: np.array(CITIES, dtype=object)[city],
    }


def _numbered(form: str, count: int, rng: np.random.Generator) -> Texts:
    return np.array([form.format(n) for n in rng.integers(10**8, 10**9, count)], dtype=object)


def _common(words: tuple[str, ...], count: int, rng: np.random.Generator) -> Texts:
    """[N] of these words, the first ones more often."""
    return np.array(words, dtype=object)[rng.choice(len(words), count, p=_zipf(len(words)))]


def _zipf(size: int) -> FloatArray:
    # So that of some 150,000 pairs of strangers one shares both names.
    weights = 1 / np.arange(1, size + 1) ** 0.3
    return np.asarray(weights / weights.sum())
