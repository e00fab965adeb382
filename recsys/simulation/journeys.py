"""How a purpose walks: know -> consider -> buy, with stalls, and silence from any stage."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation.people import People

KNOW, CONSIDER, BUY, SERVICE = range(4)
# What follows a visit in each stage; what is missing to one is silence. A purchase ends the walk.
ADVANCE = np.array([0.50, 0.45, 0.0])
STALL = np.array([0.25, 0.30, 0.0])
MAX_STEPS = 10
# Gamma distributed days between visits beyond the first day; a stall makes them longer.
GAP_SHAPE = 2.0
GAP_DAYS = 10.0
STALL_FACTOR = 2.0

# Probability that a purpose ends in a purchase, before a visit in each stage, whatever the time.
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
# How many visits a purpose makes, on average.
VISITS = 1 / (1 - STALL[0]) + ADVANCE[0] / (1 - STALL[0]) / (1 - STALL[1]) + BUYS_FROM[0]
# From the first visit to a purchase, on average: two gaps, and the stalls among them.
USUAL_DAYS = 2 * (1 + GAP_DAYS) + 0.75 * (1 + STALL_FACTOR * GAP_DAYS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Visits:
    """Visits of purposes, ordered by purpose and time; all arrays [V].

    Attributes:
        purpose: row of the purpose; stage: KNOW, CONSIDER or BUY.
        second: market seconds; touchpoint: row number of where.
    """

    purpose: IntArray
    stage: IntArray
    second: IntArray
    touchpoint: IntArray

    def first(self) -> BoolArray:
        """[V] whether a visit is the first of its purpose; each purpose has one."""
        return np.asarray(np.diff(self.purpose, prepend=-1) != 0)

    def last(self) -> BoolArray:
        """[V] whether a visit is the last of its purpose."""
        return np.asarray(np.diff(self.purpose, append=-1) != 0)


def walk(
    people: People,
    customer: IntArray,
    days: FloatArray,
    stage: IntArray,
    rng: np.random.Generator,
) -> Visits:
    """Walks every purpose [S] from its first day and stage to its end."""
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
        # At least a day apart, so that the hour of the day cannot put a later visit first.
        day = (day + 1 + np.where(advances, 1.0, STALL_FACTOR) * gap)[goes_on]
        now = (now + advances)[goes_on]
        alive = alive[goes_on]
    purpose, second = np.concatenate(purposes), np.concatenate(moments)
    order = np.argsort(purpose, kind="stable")
    purpose = purpose[order]
    rows = customer[purpose]
    when = people.moments(rows, second[order], rng)
    return Visits(
        purpose=purpose,
        stage=np.concatenate(stages)[order],
        second=when,
        touchpoint=people.inbound(rows, when, rng),
    )
