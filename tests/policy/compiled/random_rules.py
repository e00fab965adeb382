"""Random rules, contacts and moments near the odd hours of the calendar, from one seed."""

from typing import Any

import numpy as np

from recsys.policy.compiled import (
    CompiledRules,
    ContactLimit,
    Contacts,
    GroupRule,
    LeaveOut,
    OneCampaign,
    Pause,
    QuietHours,
)
from recsys.policy.compiled.times import DAY, OPEN_END, OPEN_START
from recsys.policy.compiled.zone_tables import compile_zones
from tests.policy.compiled.shop import moment

CUSTOMERS, OFFERS, TOUCHPOINTS, CAMPAIGNS = 6, 7, 4, 3
STEP = 900
"""All times are multiples of a quarter of an hour, so that a scan by quarters misses nothing."""

WINDOWS = (DAY // 2, DAY, 2 * DAY, 3 * DAY, 7 * DAY)
"""Lengths of windows; contacts lie exactly so far back, too."""

_NAMES = (
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Apia", "Africa/Casablanca",
)  # fmt: skip
_ZONES = compile_zones(_NAMES, np.full(CUSTOMERS, -1, np.int16), "America/St_Johns")

_ODD = [
    moment("2025-03-30T00:00"),  # Berlin leaps from 2 to 3 at 1:00 UTC
    moment("2025-10-26T00:00"),  # and back
    moment("2025-11-02T05:00"),  # New York back
    moment("2025-04-05T14:00"),  # Lord Howe goes back half an hour
    moment("2024-02-28T18:00"),  # leap days
    moment("2000-02-29T00:00"),
    moment("2011-12-30T08:00"),  # Apia drops a day
    moment("2024-12-31T20:00"),
    moment("2025-06-14T22:00"),  # a weekend
]


def random_moment(random: np.random.Generator) -> int:
    """A quarter of an hour in the two days before or after an odd moment."""
    return int(random.choice(_ODD)) // STEP * STEP + int(random.integers(-192, 192)) * STEP


def random_contacts(random: np.random.Generator, at: int, count: int, after: int = 0) -> Contacts:
    """Contacts of the ten days up to `at`, and of `after` seconds beyond it."""
    when = at - random.integers(-after // STEP, 960, count) * STEP
    edges = at - random.choice(WINDOWS, count)
    when = np.where(random.random(count) < 0.4, edges, when)
    return Contacts.of(
        random.integers(0, CUSTOMERS, count),
        when,
        random.integers(-1, TOUCHPOINTS, count),
        campaigns=random.integers(-1, CAMPAIGNS, count),
        rejected=random.random(count) < 0.15,
        count=CUSTOMERS,
    )


def random_rules(random: np.random.Generator, at: int) -> CompiledRules:
    """Rules of every kind, each present or not, around a moment."""
    sizes: dict[str, Any] = {
        "consent": random.random((CUSTOMERS, TOUCHPOINTS)) < 0.85,
        "unknown_consent": random.random(TOUCHPOINTS) < 0.6,
        "outbound": random.random(TOUCHPOINTS) < 0.7,
        "offer_touchpoints": np.where(
            random.random(OFFERS) < 0.7, -1, random.integers(0, TOUCHPOINTS, OFFERS)
        ),
        "campaigns": random.integers(-1, CAMPAIGNS, OFFERS),
    }
    always, never = random.random(OFFERS) < 0.6, random.random(OFFERS) < 0.6
    zones = random.integers(-1, len(_NAMES), CUSTOMERS).astype(np.int16)
    return CompiledRules(
        name="random",
        version="0",
        valid_from=np.where(always, OPEN_START, at + random.integers(-20, 5, OFFERS) * STEP),
        valid_to=np.where(never, OPEN_END, at + random.integers(-5, 20, OFFERS) * STEP),
        zones=type(_ZONES)(**(vars(_ZONES) | {"customers": zones})),
        contacts=random_contacts(random, at, int(random.integers(0, 12))),
        capacity=np.full(TOUCHPOINTS, np.inf),
        campaign_names=[f"campaign {number}" for number in range(CAMPAIGNS)],
        groups=[_group(random, number) for number in range(random.integers(0, 3))],
        leave_out=_leave_out(random, at) if random.random() < 0.7 else None,
        limits=[_limit(random, number) for number in range(random.integers(0, 3))],
        pause=Pause(name="pause", seconds=int(random.choice(WINDOWS)))
        if random.random() < 0.4
        else None,
        one_campaign=OneCampaign(name="one", seconds=int(random.choice(WINDOWS)))
        if random.random() < 0.4
        else None,
        quiet_hours=[_hours(random, number) for number in range(random.integers(0, 3))],
        **sizes,
    )


def _group(random: np.random.Generator, number: int) -> GroupRule:
    return GroupRule(
        name=f"group {number}",
        customers=random.integers(0, 3, CUSTOMERS),
        offers=random.integers(0, 2, OFFERS),
        allowed=random.random((3, 2)) < 0.75,
        unknown_group=int(random.integers(-1, 3)),
    )


def _leave_out(random: np.random.Generator, at: int) -> LeaveOut:
    lengths = random.integers(0, 4, CUSTOMERS)
    count = int(lengths.sum())
    until = np.where(random.random(count) < 0.3, OPEN_END, at + random.integers(-9, 9, count))
    return LeaveOut(
        names=["rejected lately", "bought ever"],
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        offers=random.integers(0, OFFERS, count),
        rules=random.integers(0, 2, count).astype(np.int8),
        until=until,
    )


def _limit(random: np.random.Generator, number: int) -> ContactLimit:
    per_campaign = bool(random.random() < 0.3)
    return ContactLimit(
        name=f"limit {number}",
        at_most=int(random.integers(1, 4)),
        seconds=int(random.choice(WINDOWS)),
        touchpoint=-1 if per_campaign else int(random.integers(-1, TOUCHPOINTS)),
        per_campaign=per_campaign,
    )


def _hours(random: np.random.Generator, number: int) -> QuietHours:
    start, end = random.choice(DAY // STEP, 2, replace=False) * STEP
    return QuietHours(
        name=f"hours {number}",
        touchpoints=random.random(TOUCHPOINTS) < 0.7,
        start=int(start),
        end=int(end),
        weekdays=random.random(7) < 0.5 if random.random() < 0.5 else None,
    )
