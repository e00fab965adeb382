"""Plain forecasts of the number of purchases, which a model of customers has to beat."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.observe import DAY, Observed, observe
from recsys.data.dataset import Dataset

_FEWEST = 200
"""Customers below whom boosting is not fitted."""


def purchases_of_last(data: Dataset, seen: Observed, days: float) -> FloatArray:
    """[n] days with a purchase among the last `days` of the data.

    Args:
        data: with timestamps, perhaps later than what was seen.
        seen: the customers, and what is a purchase.
        days: length of the period.
    """
    events = data.interactions
    assert events.when is not None
    assert data.as_of is not None
    is_recent = events.has_action(seen.actions) & (events.when >= data.as_of - int(days * DAY))
    units = events.when[is_recent] // DAY
    pairs = np.unique(np.stack([events.customers[is_recent], units]), axis=1)
    counts = np.bincount(pairs[0].astype(np.int64), minlength=len(data.customers))
    return counts[seen.customers].astype(np.float64)


def last_period_again(data: Dataset, seen: Observed, days: float) -> FloatArray:
    """[n] repeat purchases of the last `days` before the end, once more.

    Args:
        data: as `observe` has seen them.
        seen: the customers.
        days: length of the period.
    """
    return purchases_of_last(data, seen, days) - (seen.history.age <= days)


def mean_rate(seen: Observed, days: float) -> FloatArray:
    """[n] the same for all: repeat purchases a day of observation, times `days`.

    Args:
        seen: the customers.
        days: length of the period.
    """
    total = seen.history.age.sum()
    rate = seen.history.purchases.sum() / total if total > 0 else 0.0
    return np.full(len(seen.customers), rate * days)


def own_rate(seen: Observed, days: float) -> FloatArray:
    """[n] each customer's repeat purchases a day of observation, times `days`.

    Args:
        seen: the customers.
        days: length of the period.
    """
    age = np.maximum(seen.history.age, 1.0)
    return seen.history.purchases / age * days


def boosting(data: Dataset, seen: Observed, days: float, seed: int = 0) -> FloatArray | None:
    """[n] a boosted regression on recency, frequency, value and age.

    It learns from an earlier cut-off, half of the observation before the end, what was bought in
    the half that followed; that is scaled to the length of the period.

    Args:
        data: as `observe` has seen them.
        seen: the customers.
        days: length of the period.
        seed: of the trees.

    Returns:
        None where the earlier cut-off has too few customers.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    events = data.interactions
    assert events.when is not None
    assert data.as_of is not None
    half = int(min(days * DAY, (data.as_of - int(events.when.min())) / 2))
    cutoff = data.as_of - half
    before = data.select(events.when < cutoff, cutoff)
    if not before.interactions.has_action(seen.actions).any():
        return None
    earlier = observe(before, seen.actions)
    if len(earlier.customers) < _FEWEST:
        return None
    later = purchases_of_last(data, earlier, half / DAY)
    trees = HistGradientBoostingRegressor(loss="poisson", max_iter=100, random_state=seed)
    trees.fit(_columns(earlier), later)
    forecast: FloatArray = trees.predict(_columns(seen)) * (days / (half / DAY))
    return forecast


def _columns(seen: Observed) -> FloatArray:
    """[n, 5] what boosting sees of each customer."""
    history = seen.history
    since = history.age - history.recency
    return np.stack([history.purchases, history.recency, since, history.age, seen.mean_value], 1)
