"""Sessions that customers start: visits to know and to buy, errands to do; and their pace."""

from dataclasses import dataclass, fields

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.journeys import KNOW, SERVICE
from recsys.simulation.names import INTENTS
from recsys.simulation.people import People
from recsys.simulation.purposes import Purposes

ERRANDS_A_YEAR = 4.3
# One to four events.
LENGTHS = np.array([0.72, 0.19, 0.06, 0.03])
# Pages report in bursts: most events of a session share the time of the one before.
IN_ONE_BURST = 0.75
PAUSE_SECONDS = 150.0
LONGEST_PAUSE = 1_200
KNOW_INTENT, BUY_INTENT, DO_INTENT = range(len(INTENTS))


@dataclass(frozen=True, kw_only=True, eq=False)
class Sessions:
    """Arrays [n] over the sessions of a chunk that customers start.

    Attributes:
        customer: row numbers; purpose: row, -1 for an errand.
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
        """Those that a mask [n] keeps."""
        return Sessions(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})


def sessions(people: People, purposes: Purposes, rng: np.random.Generator) -> Sessions:
    """All sessions of the year: the visits of purposes, then errands."""
    visits = purposes.visits
    errand, errand_second = _errands(people, rng)
    customer = np.concatenate([purposes.customer[visits.purpose], errand])
    stage = np.concatenate([visits.stage, np.full(len(errand), SERVICE)])
    intent = np.where(stage == KNOW, KNOW_INTENT, BUY_INTENT)
    found = Sessions(
        customer=customer,
        purpose=np.concatenate([visits.purpose, np.full(len(errand), -1)]),
        stage=stage,
        intent=np.where(stage == SERVICE, DO_INTENT, intent),
        second=np.concatenate([visits.second, errand_second]),
        touchpoint=np.concatenate([visits.touchpoint, people.inbound(errand, errand_second, rng)]),
        length=rng.choice(np.arange(1, 5), len(customer), p=LENGTHS),
    )
    last = calendar.END - calendar.LONGEST_SESSION
    return found.select((found.second >= 0) & (found.second < last))


def _errands(people: People, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Errands arise by themselves; a life event always brings one (a new address, a new name)."""
    mean = ERRANDS_A_YEAR * people.activity * (1 - people.joins / calendar.DAYS)
    customer = np.repeat(np.arange(len(people)), rng.poisson(mean))
    days = rng.uniform(people.joins[customer], calendar.DAYS)
    changed = np.flatnonzero((people.life_event >= 0) & (people.life_day >= people.joins))
    customer = np.concatenate([customer, changed])
    days = np.concatenate([days, people.life_day[changed]])
    return customer, people.moments(customer, days, rng)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pace:
    """The events of sessions in time; arrays [E].

    Attributes:
        session: row of the session; place: 0 for its first event.
        second: market seconds; is_last: whether the session ends with it.
    """

    session: IntArray
    place: IntArray
    second: IntArray
    is_last: BoolArray


def pace(sessions: Sessions, rng: np.random.Generator) -> Pace:
    """Spreads the events of each session over the minutes after its start."""
    own = np.repeat(np.arange(len(sessions)), sessions.length)
    starts = np.cumsum(sessions.length) - sessions.length
    place = np.arange(len(own)) - starts[own]
    pause = np.minimum(5 + rng.exponential(PAUSE_SECONDS, len(own)), LONGEST_PAUSE)
    moves = (place > 0) & (rng.random(len(own)) >= IN_ONE_BURST)
    passed = np.cumsum((pause * moves).astype(np.int64))
    return Pace(
        session=own,
        place=place,
        second=sessions.second[own] + passed - passed[starts][own],
        is_last=place == sessions.length[own] - 1,
    )
