"""What a forecast can learn before a holdout: an earlier cut-off, and what was bought after it."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.observe import DAY, Observed, observe
from recsys.data.dataset import Dataset

FEWEST = 200
"""Customers below whom nothing is learned."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """n customers at an earlier cut-off, and what they bought afterwards.

    Attributes:
        before: the events until then.
        seen: the customers.
        days: that were observed afterwards.
        scale: length of the period that is forecast, over `days`.
        later: [n] purchases afterwards, times `scale`.
    """

    before: Dataset
    seen: Observed
    days: float
    scale: float
    later: FloatArray


def lesson_of(data: Dataset, seen: Observed, days: float) -> Lesson | None:
    """The lesson of half of the observation, at most as long as the period; None without one.

    Args:
        data: as `observe` has seen them.
        seen: the customers at their end.
        days: length of the period that is forecast.
    """
    when, end = data.times("lifetime value")
    half = int(min(days * DAY, (end - int(when.min())) / 2))
    before = data.before(end - half)
    if half <= 0 or not before.interactions.has_action(seen.actions).any():
        return None
    earlier = observe(before, seen.actions)
    if len(earlier.customers) < FEWEST:
        return None
    length = half / DAY
    scale = days / length
    later = purchases_of_last(data, earlier, length) * scale
    return Lesson(before=before, seen=earlier, days=length, scale=scale, later=later)


def purchases_of_last(data: Dataset, seen: Observed, days: float) -> FloatArray:
    """[n] days with a purchase among the last `days` of the data.

    Args:
        data: with timestamps, perhaps later than what was seen.
        seen: the customers, and what is a purchase.
        days: length of the period.
    """
    events = data.interactions
    when, end = data.times("lifetime value")
    is_recent = events.has_action(seen.actions) & (when >= end - int(days * DAY))
    units = when[is_recent] // DAY
    pairs = np.unique(np.stack([events.customers[is_recent], units]), axis=1)
    counts = np.bincount(pairs[0].astype(np.int64), minlength=len(data.customers))
    return counts[seen.customers].astype(np.float64)


def own_columns(seen: Observed) -> FloatArray:
    """[n, 5] recency, frequency, value and age of each customer."""
    history = seen.history
    since = history.age - history.recency
    return np.stack([history.purchases, history.recency, since, history.age, seen.mean_value], 1)
