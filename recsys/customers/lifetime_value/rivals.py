"""Plain forecasts of the number of purchases, which a model of customers has to beat."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.lesson import Lesson, own_columns, purchases_of_last
from recsys.customers.lifetime_value.observe import Observed
from recsys.data.dataset import Dataset


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


def boosting(
    lesson: Lesson,
    seen: Observed,
    seed: int = 0,
    beside: tuple[FloatArray, FloatArray] | None = None,
) -> FloatArray:
    """[n] a boosted regression on recency, frequency, value and age.

    Args:
        lesson: that it learns from.
        seen: the customers.
        seed: of the trees.
        beside: further columns, [m, d] of the customers of the lesson and [n, d] of `seen`.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    earlier, now = own_columns(lesson.seen), own_columns(seen)
    if beside is not None:
        earlier, now = np.hstack([earlier, beside[0]]), np.hstack([now, beside[1]])
    trees = HistGradientBoostingRegressor(loss="poisson", max_iter=100, random_state=seed)
    trees.fit(earlier, lesson.later)
    forecast: FloatArray = trees.predict(now)
    return forecast
