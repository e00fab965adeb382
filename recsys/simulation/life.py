"""Life events that can be predicted: the life courses of version 2 of the market.

Each customer is at risk of a preparation of each kind of life event: its hazard depends on age and
life stage, and on the season. At most one preparation begins in a year. It lasts a gamma
distributed number of days; then the event happens, unless it was given up, which one in four is.
While it lasts the customer looks at fitting categories and gets more done, both at a constant rate:
once it is known that a preparation runs, and since when, what it causes says nothing more about its
end.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, gammainc

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.people import People

WARM_UP = 250
"""Days before the year from which preparations are drawn, so that some run when it begins."""
GIVEN_UP = 0.25
LEAD_SHAPE = 4.0
LOOKS, ERRANDS = 5.0, 3.0
"""Purposes and errands that a preparation of usual length causes."""
_RECORDED = calendar.DAY - 60
"""Seconds after the beginning of the day of an event at which the firm records it."""


class Preparation(NamedTuple):
    """What leads to a kind of life event.

    Attributes:
        a_year: mean number that begin in a year, by life stage.
        days: mean length.
        peak: day of the year on which most begin; turns: such peaks a year; swing: their height.
    """

    a_year: tuple[float, ...]
    days: float
    peak: float
    turns: int
    swing: float


# In the order of PREDICTABLE_LIFE_EVENTS. Moves are most in July, new jobs in March and September.
PREPARATIONS = (
    Preparation((0.35, 0.45, 0.20, 0.10, 0.08), 45, 160, 1, 0.7),
    Preparation((0.05, 0.35, 0.45, 0.05, 0.0), 90, 75, 1, 0.1),
    Preparation((0.32, 0.38, 0.22, 0.13, 0.02), 40, 45, 2, 0.5),
    Preparation((0.0, 0.0, 0.0, 0.80, 0.0), 75, 265, 1, 0.4),
)
_CHILD, _RETIREMENT = 1, 3
_USUAL = np.array([each.days for each in PREPARATIONS])


@dataclass(frozen=True, kw_only=True, eq=False)
class LifeCourses:
    """The preparations of the N customers of a chunk, and what they cause.

    Attributes:
        hazards: [N, K] preparations that begin in a day, before the season is counted.
        kind: [N] of the preparation, -1 for none; begins, ends: [N] days, inf for none.
        happens: [N] bool, whether the event follows.
        look_customer, look_day: [L] purposes that begin; errand_customer, errand_day: [M].
    """

    hazards: FloatArray
    kind: IntArray
    begins: FloatArray
    ends: FloatArray
    happens: BoolArray
    look_customer: IntArray
    look_day: FloatArray
    errand_customer: IntArray
    errand_day: FloatArray

    def chances(self, rows: IntArray, start: float, end: float) -> FloatArray:
        """Probability of the event of each kind between two days.

        From what is true at the first: the hazards, the season, and whether a preparation runs and
        since when; not whether it will be given up.

        Args:
            rows: [n] customers.
            start: day.
            end: day, not before it.

        Returns:
            [n, K] float64.
        """
        day, begun = _days(start, end), self._begun(rows, start, end)
        ends = _lead_ends(end - day) * (1 - GIVEN_UP)
        chances: FloatArray = np.einsum("ndk,dk->nk", begun, ends)
        running, kind, lasted = self._running(rows, start)
        so_far = _lead_ends(lasted)[np.arange(len(kind)), kind]
        then = _lead_ends(lasted + end - start)[np.arange(len(kind)), kind]
        chances[running, kind] = (1 - GIVEN_UP) * (then - so_far) / np.maximum(1 - so_far, 1e-12)
        return chances

    def expected_looks(self, rows: IntArray, start: float, end: float) -> FloatArray:
        """Expected number [n, K] of purposes that preparations cause between two days."""
        day, begun = _days(start, end), self._begun(rows, start, end)
        looks: FloatArray = np.einsum("ndk,dk->nk", begun, _lasting(end - day))
        running, kind, lasted = self._running(rows, start)
        own = np.arange(len(kind)), kind
        left = (_lasting(lasted + end - start) - _lasting(lasted))[own]
        looks[running, kind] = left / np.maximum(1 - _lead_ends(lasted)[own], 1e-12)
        return np.asarray(looks * LOOKS / _USUAL)

    def _begun(self, rows: IntArray, start: float, end: float) -> FloatArray:
        """[n, D, K] probability that a preparation begins on each day of `_days`."""
        day = _days(start, end)
        width = np.diff(np.append(np.arange(len(day)) + start, end))
        hazard = self.hazards[rows][:, None] * (_season(day) * width[:, None])
        every = hazard.sum(axis=2)
        none_before = np.exp(-(every.cumsum(axis=1) - every))
        waits = self.begins[rows] >= start
        return np.asarray(hazard * (none_before * waits[:, None])[:, :, None])

    def _running(self, rows: IntArray, start: float) -> tuple[IntArray, IntArray, FloatArray]:
        """Positions in rows, kinds and days so far of the preparations that run on a day."""
        running = np.flatnonzero((self.begins[rows] < start) & (self.ends[rows] > start))
        kept = rows[running]
        return running, self.kind[kept], start - self.begins[kept]

    def recorded(self, people: People) -> IntArray:
        """[N] market seconds at which the firm records the event of a customer, or `NEVER`."""
        second = np.floor(np.minimum(people.life_day, calendar.DAYS)).astype(np.int64)
        second = second * calendar.DAY + _RECORDED
        known = (people.life_event >= 0) & (people.life_day >= people.joins)
        return np.where(known & (second < calendar.END), second, calendar.NEVER)


def life_courses(people: People, rng: np.random.Generator) -> LifeCourses:
    """Draws the preparations of the customers of a chunk."""
    hazards = hazards_of(people.age, people.stage)
    days = np.arange(-WARM_UP, calendar.DAYS) + 0.5
    season = _season(days)
    total = hazards @ season.cumsum(axis=0).T
    first = (total < rng.exponential(1.0, (len(people), 1))).sum(axis=1)
    prepares = first < len(days)
    day = days[np.minimum(first, len(days) - 1)] + rng.random(len(people)) - 0.5
    weights = (hazards * season[np.minimum(first, len(days) - 1)]).cumsum(axis=1)
    kind = (weights < rng.random((len(people), 1)) * weights[:, -1:]).sum(axis=1)
    usual = _USUAL[np.minimum(kind, len(_USUAL) - 1)]
    lead = rng.gamma(LEAD_SHAPE, usual / LEAD_SHAPE)
    begins = np.where(prepares, day, np.inf)
    ends = begins + lead
    causes = [_caused(people, begins, ends, mean / usual, rng) for mean in (LOOKS, ERRANDS)]
    return LifeCourses(
        hazards=hazards,
        kind=np.where(prepares, kind, -1),
        begins=begins,
        ends=ends,
        happens=prepares & (rng.random(len(people)) >= GIVEN_UP),
        look_customer=causes[0][0],
        look_day=causes[0][1],
        errand_customer=causes[1][0],
        errand_day=causes[1][1],
    )


def hazards_of(age: IntArray, stage: IntArray) -> FloatArray:
    """Preparations [N, K] that begin in a day, before the season is counted."""
    a_year = np.array([each.a_year for each in PREPARATIONS]).T[stage]
    a_year[:, _CHILD] *= np.exp(-(((age - 32) / 7) ** 2) / 2)
    a_year[:, _RETIREMENT] *= expit((age - 62) / 1.5)
    return np.asarray(a_year / calendar.DAYS)


def _caused(
    people: People, begins: FloatArray, ends: FloatArray, rate: FloatArray,
    rng: np.random.Generator,
) -> tuple[IntArray, FloatArray]:  # fmt: skip
    """Customers and days of what happens at a daily rate while a preparation runs in the year."""
    start = np.clip(begins, people.joins, calendar.DAYS)
    length = np.clip(ends, start, calendar.DAYS) - start
    customer = np.repeat(np.arange(len(people)), rng.poisson(rate * length))
    return customer, start[customer] + rng.random(len(customer)) * length[customer]


def _days(start: float, end: float) -> FloatArray:
    """The middle [D] of each day from one to the other; the last may be shorter."""
    edges = np.append(np.arange(start, end), end)
    return np.asarray((edges[:-1] + edges[1:]) / 2)


def _season(days: FloatArray) -> FloatArray:
    """[D, K] how much likelier a preparation is to begin on a day than on another."""
    columns = [
        1 + each.swing * np.cos(2 * np.pi * each.turns * (days - each.peak) / calendar.DAYS)
        for each in PREPARATIONS
    ]
    return np.column_stack(columns)


def _lead_ends(days: FloatArray) -> FloatArray:
    """[n, K] probability that a preparation of each kind lasts at most so many days [n]."""
    return np.asarray(gammainc(LEAD_SHAPE, np.maximum(days[:, None], 0) * LEAD_SHAPE / _USUAL))


def _lasting(days: FloatArray) -> FloatArray:
    """[n, K] expected days of the first so many [n] of a preparation that it lasts.

    E[min(L, x)] = x (1 - F_a(x)) + mean F_(a + 1)(x), with F_a the gamma distribution of shape a.
    """
    x = np.maximum(days[:, None], 0)
    longer = gammainc(LEAD_SHAPE + 1, x * LEAD_SHAPE / _USUAL)
    return np.asarray(x * (1 - _lead_ends(days)) + _USUAL * longer)
