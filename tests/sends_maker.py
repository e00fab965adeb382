"""Sends written down by days."""

from typing import Any

import numpy as np

from recsys.data.interactions import DAY, NEVER
from recsys.models.acceptance import Sends


def sends(*rows: tuple[int, int, int, int | None], wait: int = 5, **settings: Any) -> Sends:
    """Of (customer, offer, day sent, day accepted or None); resolved `wait` days after the send."""
    customers, offers, days, accepted = (list(column) for column in zip(*rows, strict=True))
    when = np.array(days) * DAY
    return Sends(
        customers=np.array(customers),
        offers=np.array(offers),
        touchpoints=settings.pop("touchpoints", np.zeros(len(rows), np.int64)),
        when=when,
        outcome=np.array([day is not None for day in accepted]).astype(np.int64),
        answered=np.array([NEVER if day is None else day * DAY for day in accepted]),
        resolved=when + wait * DAY,
        **settings,
    )
