"""Recency, frequency and value of what a customer did before a send."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.interactions import DAY
from recsys.models.acceptance.event_history import EventHistory
from recsys.models.acceptance.features import Features, named
from recsys.models.acceptance.sends import Sends

_MONTH = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerEvents:
    """What customers did, one entry an event.

    Attributes:
        customers: [E] row numbers.
        when: [E] int64 UTC microseconds.
        values: [E] money, or None.
        items: [E] what it was about (product, category), -1 for nothing; or None.
    """

    customers: IntArray
    when: IntArray
    values: FloatArray | None = None
    items: IntArray | None = None


def behaviour(
    sends: Sends, name: str, events: CustomerEvents, recent_days: int = _MONTH
) -> Features:
    """Events of one kind before each send, all as log(1 + x).

    Frequency and value are per 30 days since the first event of all, because a total grows with
    the age of the log and would tell a later wave from an earlier one. The usual value is a
    geometric mean: one large purchase says little about the next.

    Args:
        sends: [S] what is asked.
        name: of the events, as "purchase".
        events: [E].
        recent_days: what counts as recent.
    """
    customers, moments = sends.customers, sends.when
    window = moments - recent_days * DAY
    days = np.maximum((moments - events.when.min(initial=moments.max())) / DAY, 1)
    happened = EventHistory(events.customers, events.when)
    count = happened.count(customers, moments)
    columns = {
        f"customer.{name}_a_month": np.log1p(_MONTH * count / days),
        f"customer.{name}_recent": np.log1p(count - happened.count(customers, window)),
        f"customer.days_since_{name}": np.log1p(happened.since(customers, moments) / DAY),
    }
    if events.values is not None:
        # Money given back is no negative habit, and has no logarithm.
        values = np.maximum(events.values, 0)
        spent = EventHistory(events.customers, events.when, values)
        logs = EventHistory(events.customers, events.when, np.log1p(values))
        total = spent.total(customers, moments)
        # Differences of long sums may fall short of 0 by rounding.
        recent = np.maximum(total - spent.total(customers, window), 0)
        columns |= {
            f"customer.{name}_value_a_month": np.log1p(_MONTH * np.maximum(total, 0) / days),
            f"customer.{name}_value_recent": np.log1p(recent),
            f"customer.usual_{name}_value": logs.total(customers, moments)
            / np.where(count > 0, count, np.nan),
            f"customer.largest_{name}_value": logs.largest(customers, moments),
        }
    return named(columns)
