"""Purchase histories of the customers of a data set, as of its end."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError

DAY = 86_400_000_000
"""Microseconds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Observed:
    """Customers with at least one purchase before the end of observation.

    Attributes:
        customers: [n] int64 row numbers, rising.
        history: [n] when they bought, in days.
        spent_on: [n] float64 repeat purchases with a value above 0.
        mean_value: [n] float64 their mean value; 0 without any.
        actions: that count as purchases.
    """

    customers: IntArray
    history: PurchaseHistory
    spent_on: FloatArray
    mean_value: FloatArray
    actions: tuple[str, ...]


def observe(
    data: Dataset, actions: tuple[str, ...] = (columns.DEFAULT_ACTION,), unit: int = DAY
) -> Observed:
    """What was bought before `data.as_of`.

    Purchases of a customer in one unit of time are one, whose value is their sum: the models are of
    occasions, and several rows may be one basket. The first purchase sets the customer's age and is
    no repeat; its value is left out too, as Fader and Hardie do.

    Args:
        data: with timestamps.
        actions: that are purchases.
        unit: microseconds of time; 1 tells all moments apart.

    Raises:
        InputError: the data have no timestamps, or no such events.
    """
    when, as_of = data.times("lifetime value")
    bought = data.interactions.has_action(actions)
    if not bought.any():
        raise InputError(
            f"interactions: expected events with action {' or '.join(actions)}, got none"
        )
    events = data.interactions.select(bought)
    units = when[bought] // unit
    order = np.lexsort((units, events.customers))
    rows, units = events.customers[order].astype(np.int64), units[order]
    is_new = np.empty(len(rows), dtype=bool)
    is_new[0] = True
    is_new[1:] = (rows[1:] != rows[:-1]) | (units[1:] != units[:-1])
    starts = np.flatnonzero(is_new)
    rows, units = rows[starts], units[starts]
    customers, first = np.unique(rows, return_index=True)
    number = np.diff(np.append(first, len(rows)))
    values = np.zeros(len(rows))
    if events.values is not None:
        values = np.add.reduceat(np.nan_to_num(events.values[order].astype(np.float64)), starts)
    values[first] = 0
    counted = np.add.reduceat((values > 0).astype(np.float64), first)
    sums = np.add.reduceat(np.maximum(values, 0), first)
    length = unit / DAY
    end = as_of / unit
    return Observed(
        customers=customers,
        history=PurchaseHistory(
            purchases=(number - 1).astype(np.float64),
            recency=(units[first + number - 1] - units[first]) * length,
            age=(end - units[first]) * length,
        ),
        spent_on=counted,
        mean_value=np.divide(sums, counted, out=np.zeros(len(sums)), where=counted > 0),
        actions=actions,
    )
