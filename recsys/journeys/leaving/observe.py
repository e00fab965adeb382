"""Customers at several moments, what was known of them, and whether they then left."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import ACTION_CODES, DAY, NEVER, Interactions
from recsys.errors import InputError
from recsys.ops.session_events import STEPS
from recsys.ops.temporal_counts import EventHistory

ACTIVE = 365
"""Days: who did nothing for longer has left before."""
_WINDOWS = (14, 30, 60, 90, 180, 365)
FEATURES = (
    "days_since_event",
    "days_known",
    *(f"events_{days}" for days in _WINDOWS),
    "trend",
    "mean_gap",
    "silence_in_gaps",
    "last_gap",
    "days_since_purchase",
    "purchases_180",
    "days_since_contact",
    "contacts_90",
    "days_since_reject",
    "rejects_180",
)
"""Columns of `Looks.values`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Looks:
    """N pairs of a customer and a moment: the person-periods of a discrete-time model.

    Attributes:
        customers: [N] row numbers.
        moments: [N] UTC microseconds.
        values: [N, F] the columns `FEATURES`, from events before the moment; nan for none.
        left: [N] bool, whether the customer did nothing in the days after it.
    """

    customers: IntArray
    moments: IntArray
    values: FloatArray
    left: BoolArray


def looks(data: Dataset, moments: Sequence[int], days: int) -> Looks:
    """Who was active before each moment, and who did nothing in the days after it.

    What a customer does is an event of `STEPS`; the answer to an offer of the firm is none.

    Args:
        data: with timestamps.
        moments: UTC microseconds; the data should reach `days` beyond each for `left` to be true.
        days: after a moment.

    Raises:
        InputError: there are no timestamps, or nobody was active.
    """
    events = data.interactions
    when, _ = data.times("intent to leave")
    own = events.select(events.has_action(STEPS) & (when != NEVER))
    assert own.when is not None
    history = EventHistory(own.customers, own.when)
    everybody = np.arange(len(data.customers))
    parts = [history.active(everybody, moment, within=ACTIVE * DAY) for moment in moments]
    customers = np.concatenate(parts)
    if not len(customers):
        raise InputError("interactions: expected customers who were active before, got none")
    when = np.repeat(np.asarray(moments, np.int64), [len(part) for part in parts])
    return Looks(
        customers=customers,
        moments=when,
        values=_features(data, own, history, customers, when),
        left=history.count(customers, when + days * DAY) == history.count(customers, when),
    )


def _features(
    data: Dataset, own: Interactions, history: EventHistory, customers: IntArray, when: IntArray
) -> FloatArray:
    since = history.since(customers, when) / DAY
    windows = [history.count(customers, when, within=days * DAY) for days in _WINDOWS]
    known = np.maximum(_since_first(own, customers, when) / DAY, 1.0)
    month, quarter = windows[1], windows[3]
    mean_gap = np.minimum(known, ACTIVE) / windows[-1]
    columns = [
        since,
        known,
        *windows,
        # Of this month against the two before it, one added to each month.
        np.log((month + 1) / ((quarter - month) / 2 + 1)),
        mean_gap,
        since / mean_gap,
        _last_gap(own, customers, when),
    ]
    for action, days in (("purchase", 180), ("contact", 90), ("reject", 180)):
        of_action = _history_of(data, action)
        columns += [
            of_action.since(customers, when) / DAY,
            of_action.count(customers, when, within=days * DAY),
        ]
    return np.column_stack(columns)


def _history_of(data: Dataset, action: str) -> EventHistory:
    events = data.interactions
    assert events.when is not None
    chosen = (events.actions == ACTION_CODES[action]) & (events.when != NEVER)
    return EventHistory(events.customers[chosen], events.when[chosen])


def _since_first(own: Interactions, customers: IntArray, when: IntArray) -> FloatArray:
    """[N] microseconds since the first event."""
    assert own.when is not None
    first = np.full(int(own.customers.max()) + 1, NEVER)
    np.minimum.at(first, own.customers, own.when)
    return np.asarray(when - first[customers], np.float64)


def _last_gap(own: Interactions, customers: IntArray, when: IntArray) -> FloatArray:
    """[N] days between the last day with an event and the one before it; nan for one day."""
    assert own.when is not None
    days = np.unique(np.stack([own.customers.astype(np.int64), own.when // DAY]), axis=1)
    history = EventHistory(days[0], days[1] * DAY, days[1])
    gap: FloatArray = history.latest(customers, when) - history.latest(customers, when, back=1)
    return gap
