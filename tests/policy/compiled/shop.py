"""A shop of three customers, four offers and three touchpoints, and moments of its clock."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from recsys.policy.compiled import CompiledRules, Contacts, Zones
from recsys.policy.compiled.times import OPEN_END, OPEN_START

APP, EMAIL, CALL = 0, 1, 2


def moment(text: str, zone: str = "UTC") -> int:
    """UTC seconds of a local time such as 2025-03-30T09:00."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


NOON = moment("2025-10-01T12:00")
"""A Wednesday."""


def rules(customers: int = 3, offers: int = 4, **parts: Any) -> CompiledRules:
    """Rules that allow everything, but for the parts that a test names."""
    kept: dict[str, Any] = {
        "name": "shop",
        "version": "0",
        "consent": np.ones((customers, 3), dtype=bool),
        "unknown_consent": np.array([True, False, False]),
        "outbound": np.array([False, True, True]),
        "offer_touchpoints": np.full(offers, -1, np.int32),
        "valid_from": np.full(offers, OPEN_START),
        "valid_to": np.full(offers, OPEN_END),
        "campaigns": np.full(offers, -1, np.int32),
        "zones": Zones.utc(customers),
        "contacts": Contacts.none(customers),
        "capacity": np.full(3, np.inf),
    }
    return CompiledRules(**(kept | parts))


def contacts(*rows: tuple[Any, ...], customers: int = 3) -> Contacts:
    """Contacts of (customer, when, touchpoint, campaign, rejected); the last two may be absent."""
    full = [(*row, *(-1, False)[len(row) - 3 :]) for row in rows]
    columns = list(zip(*full, strict=True))
    return Contacts.of(
        np.array(columns[0]),
        np.array(columns[1]),
        np.array(columns[2]),
        campaigns=np.array(columns[3]),
        rejected=np.array(columns[4]),
        count=customers,
    )
