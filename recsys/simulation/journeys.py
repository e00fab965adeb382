"""The visits of a purpose: know -> consider -> buy, with stalls, and silence from any stage."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation.people import People

KNOW, CONSIDER, BUY, SERVICE = range(4)
# Probability of what follows a visit in each stage; the rest, up to 1, is silence. A purchase ends
# the purpose.
ADVANCE = np.array([0.50, 0.45, 0.0])
STALL = np.array([0.25, 0.30, 0.0])
MAX_STEPS = 10
# Days between visits: one, and a gamma distributed number, which a stall multiplies.
GAP_SHAPE = 2.0
GAP_DAYS = 10.0
STALL_FACTOR = 2.0

# Probability that a purpose ends in a purchase, before a visit in each stage, at any time.
_BUYS_FROM_CONSIDER = ADVANCE[1] / (1 - STALL[1])
BUYS_FROM = np.array([ADVANCE[0] / (1 - STALL[0]) * _BUYS_FROM_CONSIDER, _BUYS_FROM_CONSIDER, 1.0])
# The same after a visit that was not followed by silence.
BUYS_AFTER = np.array(
    [
        (ADVANCE[0] * BUYS_FROM[1] + STALL[0] * BUYS_FROM[0]) / (ADVANCE[0] + STALL[0]),
        (ADVANCE[1] * BUYS_FROM[2] + STALL[1] * BUYS_FROM[1]) / (ADVANCE[1] + STALL[1]),
        0.0,
    ]
)
# Average number of visits of a purpose.
VISITS = 1 / (1 - STALL[0]) + ADVANCE[0] / (1 - STALL[0]) / (1 - STALL[1]) + BUYS_FROM[0]
# Average days from the first visit to a purchase: two gaps, and the stalls.
USUAL_DAYS = 2 * (1 + GAP_DAYS) + 0.75 * (1 + STALL_FACTOR * GAP_DAYS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Visits:
    """Visits of purposes, ordered by purpose and time; all arrays [V].

    Attributes:
        purpose: row of the purpose; stage: KNOW, CONSIDER or BUY.
        second: market seconds; touchpoint: row number.
    """

    purpose: IntArray
    stage: IntArray
    second: IntArray
    touchpoint: IntArray

    def first(self) -> BoolArray:
        """[V] bool, whether a visit is the first of its purpose; each purpose has at least one."""
        return np.asarray(np.diff(self.purpose, prepend=-1) != 0)

    def last(self) -> BoolArray:
        """[V] bool, whether a visit is the last of its purpose."""
        return np.asarray(np.diff(self.purpose, append=-1) != 0)


def walk(
    people: People,
    customer: IntArray,
    days: FloatArray,
    stage: IntArray,
    rng: np.random.Generator,
) -> Visits:
    """Draws the visits of every purpose from its first day to its end.

    Args:
        people: customers of the chunk.
        customer: [S] whose purposes they are.
        days: [S] days of their first visits.
        stage: [S] their first stages.
        rng: source of randomness.
    """
    alive = np.arange(len(customer))
    day, now = days.copy(), stage.copy()
    purposes, stages, moments = [], [], []
    for _ in range(MAX_STEPS):
        purposes.append(alive)
        stages.append(now)
        moments.append(day)
        fate = rng.random(len(alive))
        advances = fate < ADVANCE[now]
        goes_on = fate < ADVANCE[now] + STALL[now]
        gap = rng.gamma(GAP_SHAPE, GAP_DAYS / GAP_SHAPE, len(alive))
        # At least a day apart, so that the hour of the day cannot reverse the order of visits.
        day = (day + 1 + np.where(advances, 1.0, STALL_FACTOR) * gap)[goes_on]
        now = (now + advances)[goes_on]
        alive = alive[goes_on]
    purpose, visit_day = np.concatenate(purposes), np.concatenate(moments)
    order = np.argsort(purpose, kind="stable")
    purpose = purpose[order]
    rows = customer[purpose]
    when = people.moments(rows, visit_day[order], rng)
    return Visits(
        purpose=purpose,
        stage=np.concatenate(stages)[order],
        second=when,
        touchpoint=people.inbound(rows, when, rng),
    )
