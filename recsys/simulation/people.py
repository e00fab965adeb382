"""The customers of a chunk: attributes, taste, and when and at which touchpoint they come."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.choice import draw, softmax
from recsys.simulation.names import LIFE_EVENTS, TIME_ZONES, TOUCHPOINTS
from recsys.simulation.world import SIDE_DIM, TASTE_DIM, World

ACTIVITY_SHAPE = 1.5
NEWCOMERS = 0.3
LAST_JOINING_DAY = 210
WITH_LIFE_EVENT = 0.3
PREFERENCE_SPREAD = 1.0
PREFERRED_DAYPART = 0.6
DAYPART_HOURS = 6
OPENING_HOURS = (8, 19)
CONSENT = {"call_center": 0.45, "email": 0.7, "push": 0.55}
INBOUND = np.array([touchpoint.inbound for touchpoint in TOUCHPOINTS])
STAFFED = np.array([touchpoint.staffed for touchpoint in TOUCHPOINTS])


@dataclass(frozen=True, kw_only=True, eq=False)
class People:
    """Arrays over the N customers of a chunk.

    Attributes:
        age: [N] int years; income: [N] euros a year; stage, language, zone, phone: [N] codes.
        activity: [N] number of purposes relative to the average; joins: [N] float day of joining.
        taste: [N, d]; leaning: [N, G] log odds of the categories; side: [N, r] of the three-way
            term.
        preference: [N, T] log odds of the touchpoints; daypart: [N] preferred quarter of the day.
        consent: [N, T] bool, always true for touchpoints that are not outbound.
        life_event: [N] kind, -1 for none; life_day: [N] float day of it.
    """

    age: IntArray
    income: FloatArray
    stage: IntArray
    language: IntArray
    zone: IntArray
    phone: IntArray
    activity: FloatArray
    joins: FloatArray
    taste: FloatArray
    leaning: FloatArray
    side: FloatArray
    preference: FloatArray
    daypart: IntArray
    consent: BoolArray
    life_event: IntArray
    life_day: FloatArray

    def __len__(self) -> int:
        return len(self.age)

    def local_hour(self, rows: IntArray, seconds: IntArray) -> FloatArray:
        """Hour of the day, 0 to 24, where the customer lives; rows and seconds broadcast."""
        return np.asarray(seconds / 3_600 + OFFSETS[self.zone[rows]]) % 24

    def moments(self, rows: IntArray, days: FloatArray, rng: np.random.Generator) -> IntArray:
        """Market seconds [n] on days [n], without fraction, at hours that customers [n] like."""
        quarters = 24 // DAYPART_HOURS
        elsewhere = rng.integers(1, quarters, len(rows))
        liked = rng.random(len(rows)) < PREFERRED_DAYPART
        quarter = np.where(liked, 0, elsewhere) + self.daypart[rows]
        hour = (quarter % quarters + rng.random(len(rows))) * DAYPART_HOURS
        local = np.floor(days) * calendar.DAY + hour * 3_600
        return np.asarray(local - OFFSETS[self.zone[rows]] * 3_600, np.int64)

    def inbound(self, rows: IntArray, seconds: IntArray, rng: np.random.Generator) -> IntArray:
        """Touchpoints [n] at which customers [n] start a contact at these market seconds [n]."""
        return draw(softmax(self.inbound_logits(rows, seconds)), rng)

    def inbound_logits(self, rows: IntArray, seconds: IntArray) -> FloatArray:
        """[n, T] log odds of the touchpoints; -inf for those that are closed or not inbound."""
        hour = self.local_hour(rows, seconds)
        closed = (hour < OPENING_HOURS[0]) | (hour >= OPENING_HOURS[1])
        shut = ~INBOUND | (closed[:, None] & STAFFED)
        return np.where(shut, -np.inf, self.preference[rows])


OFFSETS = np.array(list(TIME_ZONES.values()))


def people(world: World, count: int, rng: np.random.Generator) -> People:
    """Draws the `count` customers of a chunk; their attributes do not change."""
    age = (18 + 67 * rng.beta(1.8, 2.4, count)).astype(np.int64)
    stage = _life_stage(age, rng)
    usual = np.array([9_000, 26_000, 42_000, 55_000, 27_000])[stage]
    income = np.round(usual * np.exp(rng.normal(0, 0.35, count)), -2)
    taste = rng.normal(0, 1, (count, TASTE_DIM))
    # Part of taste depends on what the firm knows: income shifts the direction of the tiers, age
    # another direction. The weights keep the variance of each direction close to 1.
    taste[:, 0] = 0.8 * taste[:, 0] + 0.6 * _standard(np.log(income))
    taste[:, 1] = 0.8 * taste[:, 1] + 0.6 * _standard(age)
    return People(
        age=age,
        income=income,
        stage=stage,
        language=rng.choice(4, count, p=[0.5, 0.2, 0.2, 0.1]),
        zone=rng.choice(len(TIME_ZONES), count, p=[0.1, 0.4, 0.3, 0.2]),
        phone=rng.integers(0, 2, count),
        activity=rng.gamma(ACTIVITY_SHAPE, 1 / ACTIVITY_SHAPE, count),
        joins=np.where(rng.random(count) < NEWCOMERS, rng.uniform(0, LAST_JOINING_DAY, count), 0.0),
        taste=taste,
        leaning=taste @ world.themes.T + world.category_appeal + world.stage_lift[stage],
        side=rng.normal(0, 1, (count, SIDE_DIM)),
        preference=_preference(age, rng),
        daypart=rng.choice(4, count, p=[0.08, 0.27, 0.25, 0.4]),
        consent=_consent(count, rng),
        life_event=np.where(
            rng.random(count) < WITH_LIFE_EVENT, rng.integers(0, len(LIFE_EVENTS), count), -1
        ),
        life_day=rng.uniform(0, calendar.DAYS, count),
    )


def _life_stage(age: IntArray, rng: np.random.Generator) -> IntArray:
    felt = age + rng.normal(0, 3, len(age))
    return np.searchsorted([24, 33, 48, 65], felt)


def _standard(values: FloatArray | IntArray) -> FloatArray:
    return np.asarray((values - values.mean()) / values.std())


def _preference(age: IntArray, rng: np.random.Generator) -> FloatArray:
    appeal = np.array([touchpoint.appeal for touchpoint in TOUCHPOINTS])
    drawn = appeal + rng.normal(0, PREFERENCE_SPREAD, (len(age), len(TOUCHPOINTS)))
    return np.asarray(drawn + np.where(STAFFED, 0.5, -0.2) * _standard(age)[:, None])


def _consent(count: int, rng: np.random.Generator) -> BoolArray:
    chance = [CONSENT[each.name] if each.outbound else 1.0 for each in TOUCHPOINTS]
    return np.asarray(rng.random((count, len(TOUCHPOINTS))) < chance)
