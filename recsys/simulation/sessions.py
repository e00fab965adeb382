"""Sessions that customers start: visits of purposes and errands, and the times of their events."""

from dataclasses import dataclass, fields

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.journeys import KNOW, SERVICE
from recsys.simulation.life import LifeCourses
from recsys.simulation.names import INTENTS
from recsys.simulation.people import People
from recsys.simulation.purposes import Purposes

ERRANDS_A_YEAR = 4.3
# Probability of one to four events.
LENGTHS = np.array([0.72, 0.19, 0.06, 0.03])
# Pages report in bursts: most events of a session have the time of the event before.
IN_ONE_BURST = 0.75
PAUSE_SECONDS = 150.0
LONGEST_PAUSE = 1_200
KNOW_INTENT, BUY_INTENT, DO_INTENT = range(len(INTENTS))


@dataclass(frozen=True, kw_only=True, eq=False)
class Sessions:
    """Arrays [n] over the sessions of a chunk that customers start.

    Attributes:
        customer: row numbers; purpose: row number, -1 for an errand.
        stage: KNOW, CONSIDER, BUY or SERVICE; intent: position in `names.INTENTS`.
        second: market seconds of the first event; touchpoint: row number.
        length: number of events, 1 to 4.
    """

    customer: IntArray
    purpose: IntArray
    stage: IntArray
    intent: IntArray
    second: IntArray
    touchpoint: IntArray
    length: IntArray

    def __len__(self) -> int:
        return len(self.customer)

    def select(self, keep: BoolArray) -> "Sessions":
        """The sessions that a mask [n] keeps."""
        return Sessions(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})


def sessions(
    people: People,
    purposes: Purposes,
    rng: np.random.Generator,
    life: LifeCourses | None = None,
) -> Sessions:
    """All sessions of the year: the visits of purposes, then errands.

    Args:
        people: customers of the chunk.
        purposes: their purposes.
        rng: source of randomness.
        life: their life courses, if life events can be predicted.
    """
    visits = purposes.visits
    errand, errand_second = _errands(people, rng, life)
    customer = np.concatenate([purposes.customer[visits.purpose], errand])
    stage = np.concatenate([visits.stage, np.full(len(errand), SERVICE)])
    intent = np.where(stage == KNOW, KNOW_INTENT, BUY_INTENT)
    drawn = Sessions(
        customer=customer,
        purpose=np.concatenate([visits.purpose, np.full(len(errand), -1)]),
        stage=stage,
        intent=np.where(stage == SERVICE, DO_INTENT, intent),
        second=np.concatenate([visits.second, errand_second]),
        touchpoint=np.concatenate([visits.touchpoint, people.inbound(errand, errand_second, rng)]),
        length=rng.choice(np.arange(1, 5), len(customer), p=LENGTHS),
    )
    last = calendar.END - calendar.LONGEST_SESSION
    return drawn.select((drawn.second >= 0) & (drawn.second < last))


def _errands(
    people: People, rng: np.random.Generator, life: LifeCourses | None
) -> tuple[IntArray, IntArray]:
    """Customers and market seconds [n] of errands; a life event always causes one."""
    mean = ERRANDS_A_YEAR * people.activity * (1 - people.joins / calendar.DAYS)
    customer = np.repeat(np.arange(len(people)), rng.poisson(mean))
    days = rng.uniform(people.joins[customer], calendar.DAYS)
    changed = np.flatnonzero((people.life_event >= 0) & (people.life_day >= people.joins))
    more = [changed] if life is None else [changed, life.errand_customer]
    more_days = [people.life_day[changed]] + ([] if life is None else [life.errand_day])
    customer = np.concatenate([customer, *more])
    days = np.concatenate([days, *more_days])
    return customer, people.moments(customer, days, rng)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pace:
    """The times of the events of sessions; arrays [E].

    Attributes:
        session: row of the session; number: of the event in its session, from 0.
        second: market seconds; is_last: whether it is the last event of its session.
    """

    session: IntArray
    number: IntArray
    second: IntArray
    is_last: BoolArray


def pace(sessions: Sessions, rng: np.random.Generator) -> Pace:
    """Spreads the events of each session over the minutes after its start."""
    session = np.repeat(np.arange(len(sessions)), sessions.length)
    starts = np.cumsum(sessions.length) - sessions.length
    number = np.arange(len(session)) - starts[session]
    pause = np.minimum(5 + rng.exponential(PAUSE_SECONDS, len(session)), LONGEST_PAUSE)
    moves = (number > 0) & (rng.random(len(session)) >= IN_ONE_BURST)
    passed = np.cumsum((pause * moves).astype(np.int64))
    return Pace(
        session=session,
        number=number,
        second=sessions.second[session] + passed - passed[starts][session],
        is_last=number == sessions.length[session] - 1,
    )
