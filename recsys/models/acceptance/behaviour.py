"""Recency, frequency and value of what a customer did before a send."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.interactions import DAY
from recsys.models.acceptance.features import Features, from_columns
from recsys.models.acceptance.sends import Sends
from recsys.ops.temporal_counts import EventHistory

_MONTH = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerEvents:
    """What customers did, as arrays with one entry per event.

    Attributes:
        customers: [E] row numbers.
        when: [E] int64 UTC microseconds.
        values: [E] money, or None.
        items: [E] row number of the product or category, -1 for none; or None.
    """

    customers: IntArray
    when: IntArray
    values: FloatArray | None = None
    items: IntArray | None = None


def behaviour_features(
    sends: Sends, name: str, events: CustomerEvents, recent_days: int = _MONTH
) -> Features:
    """Describes a customer's events of one kind before each send, all as log(1 + x).

    Frequency and value are per 30 days since the first event of all customers, because a total
    grows with the age of the log and would separate late sends from early ones. The usual value is
    a geometric mean, which a single large purchase changes little.

    Args:
        sends: [S] sends to describe.
        name: names the columns after the events, for example "purchase".
        events: [E] events of the kind.
        recent_days: days before the send that count as recent.

    Returns:
        [S, 3] features, or [S, 7] where the events have values.
    """
    customers, moments = sends.customers, sends.when
    recent = recent_days * DAY
    days = np.maximum((moments - events.when.min(initial=moments.max())) / DAY, 1)
    happened = EventHistory(events.customers, events.when)
    count = happened.count(customers, moments)
    columns = {
        f"customer.{name}_a_month": np.log1p(_MONTH * count / days),
        f"customer.{name}_recent": np.log1p(happened.count(customers, moments, recent)),
        f"customer.days_since_{name}": np.log1p(happened.since(customers, moments) / DAY),
    }
    if events.values is not None:
        # Refunds have no logarithm, and count as 0.
        values = np.maximum(events.values, 0)
        spent = EventHistory(events.customers, events.when, values)
        logs = EventHistory(events.customers, events.when, np.log1p(values))
        total = spent.total(customers, moments)
        # Differences of long sums may fall below 0 by rounding.
        recent_total = np.maximum(total - spent.total(customers, moments - recent), 0)
        columns |= {
            f"customer.{name}_value_a_month": np.log1p(_MONTH * np.maximum(total, 0) / days),
            f"customer.{name}_value_recent": np.log1p(recent_total),
            f"customer.usual_{name}_value": logs.total(customers, moments)
            / np.where(count > 0, count, np.nan),
            f"customer.largest_{name}_value": logs.largest(customers, moments),
        }
    return from_columns(columns)
