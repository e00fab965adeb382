"""A policy for the contents of `artifact_contents`: rules of every kind, values and odds."""

from dataclasses import replace
from typing import Any

import numpy as np
from artifact_contents import AS_OF, DAY, TOUCHPOINTS, contents

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
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.policy.compiled.zone_tables import compile_zones
from recsys.serving import Contents, OfferTable
from recsys.serving.artifact.acceptance_odds import AcceptanceOdds
from recsys.serving.artifact.decision_part import DecisionPart

T = len(TOUCHPOINTS)
HOUR = 3600
_ZONES = compile_zones(["Europe/Berlin", "Asia/Kolkata"], np.zeros(0, np.int16))
CAMPAIGNS = ("spring", "cards")


def rules(customers: int, offers: int, seed: int = 0, **changes: Any) -> CompiledRules:
    """Email is outbound, quiet from 20 to 8; two contacts a week; half of all have been contacted.

    Offers of two thirds are in one of two campaigns, one in eight is tied to the app.
    """
    random = np.random.default_rng(seed)
    contacted = random.integers(0, customers, customers // 2)
    lengths = random.integers(0, 3, customers)
    entries = int(lengths.sum())
    fields: dict[str, Any] = {
        "name": "example",
        "version": "ab12",
        "consent": random.random((customers, T)) < 0.8,
        "unknown_consent": np.array([True, True, False]),
        "outbound": np.array([False, False, True]),
        "offer_touchpoints": np.where(random.random(offers) < 0.125, 0, -1),
        "valid_from": np.where(
            random.random(offers) < 0.8, OPEN_START, AS_OF + HOUR * random.integers(-30, 30, offers)
        ),
        "valid_to": np.where(
            random.random(offers) < 0.6, OPEN_END, AS_OF + HOUR * random.integers(-5, 40, offers)
        ),
        "campaigns": random.integers(-1, 2, offers),
        "campaign_names": CAMPAIGNS,
        "zones": replace(_ZONES, customers=random.integers(-1, 2, customers).astype(np.int16)),
        "contacts": Contacts.of(
            contacted,
            AS_OF - HOUR * random.integers(1, 400, len(contacted)),
            random.integers(-1, T, len(contacted)),
            campaigns=random.integers(-1, 2, len(contacted)),
            rejected=random.random(len(contacted)) < 0.2,
            count=customers,
        ),
        "capacity": np.full(T, np.inf),
        "groups": [
            GroupRule(
                name="adults_only",
                customers=(random.random(customers) < 0.8).astype(np.int32),
                offers=(random.random(offers) < 0.3).astype(np.int32),
                allowed=np.array([[True, False], [True, True]]),
                unknown_group=0,
            )
        ],
        "leave_out": LeaveOut(
            names=["rejected_lately"],
            starts=np.concatenate([[0], np.cumsum(lengths)]),
            offers=random.integers(0, offers, entries),
            rules=np.zeros(entries, np.int8),
            until=AS_OF + DAY * random.integers(-20, 70, entries),
        ),
        "limits": [
            ContactLimit(name="two_a_week", at_most=2, seconds=7 * DAY),
            ContactLimit(name="campaign_once", at_most=1, seconds=9 * DAY, per_campaign=True),
        ],
        "pause": Pause(name="pause", seconds=14 * DAY),
        "one_campaign": OneCampaign(name="one_campaign", seconds=5 * DAY),
        "quiet_hours": [
            QuietHours(
                name="evenings",
                touchpoints=np.array([False, False, True]),
                start=20 * HOUR,
                end=8 * HOUR,
            )
        ],
    }
    return CompiledRules(**(fields | changes))


def part(customers: int, offers: int, seed: int = 0, **changes: Any) -> DecisionPart:
    """Random values, levers and odds; the email costs most."""
    random = np.random.default_rng(seed + 1)
    fields: dict[str, Any] = {
        "odds": AcceptanceOdds(
            line=np.array([-2, 0.4, 0.3], np.float32),
            touchpoints=np.array([0.1, 0.3, 0.5], np.float32),
            offers=random.normal(0, 0.3, offers).astype(np.float32),
        ),
        "values": random.gamma(2, 10, offers).astype(np.float32),
        "levers": random.choice([1, 1, 1.5], offers).astype(np.float32),
        "costs": np.array([0.01, 3, 1.5], np.float32),
        "customer_values": random.gamma(4, 0.25, customers + 1).astype(np.float32),
        "customer_weight": 0.3,
        "eligibility_version": "cd34",
    }
    kept = changes.pop("rules", None) or rules(customers, offers, seed)
    return DecisionPart(rules=kept, **(fields | changes))


def offers(product_rows: int, count: int, seed: int = 0) -> OfferTable:
    """Offers of one to three products; every fourth id has two rows with other messages."""
    random = np.random.default_rng(seed + 2)
    lengths = random.integers(1, 4, count)
    return OfferTable(
        ids=np.array([f"O{row - (row % 4 == 3):03d}" for row in range(count)], dtype=object),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        products=random.integers(0, product_rows, int(lengths.sum())),
        touchpoints=np.full(count, -1),
        valid_from=np.full(count, OPEN_START),
        valid_to=np.full(count, OPEN_END),
        variants=[random.choice(["plain", "care"]) if row % 5 else None for row in range(count)],
    )


def deciding(
    customer_rows: int = 40,
    product_rows: int = 30,
    seed: int = 0,
    dayparts: bool = True,
    with_offers: bool = True,
    **changes: Any,
) -> Contents:
    """Contents with decisions; `changes` are of the part."""
    base = contents(
        customer_rows,
        product_rows,
        seed=seed,
        default_customer=np.full(5, 0.5, np.float32),
    )
    table = offers(product_rows, 25, seed) if with_offers else None
    touchpoints = base.touchpoints
    if dayparts:
        random = np.random.default_rng(seed + 3)
        vectors = touchpoints.vectors[:, None] + random.normal(0, 0.3, (T, 4, 5))
        touchpoints = type(touchpoints)(
            names=touchpoints.names,
            vectors=touchpoints.vectors,
            daypart_vectors=vectors.astype(np.float32),
        )
    count = product_rows if table is None else len(table)
    made = part(customer_rows, count, seed, **changes)
    parts = vars(base) | {"offers": table, "decisions": made, "touchpoints": touchpoints}
    return Contents(**parts)
