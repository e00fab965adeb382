"""What leaves customers' lists: how many pairs of customer and product, by action."""

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.ops.filter_seen import FilterSeen
from recsys.reports.data_check.section import share


def leaving_line(events: pd.DataFrame, filter_seen: FilterSeen) -> str:
    """Which products leave the list, and how many.

    Args:
        events: [E] the interactions as read; ids may be categories.
        filter_seen: for these events.
    """
    if not filter_seen:
        return "No product leaves a customer's list (data.filter_seen)."
    if not {columns.CUSTOMER, columns.PRODUCT} <= set(events):
        return f"What leaves a customer's list (data.filter_seen): {filter_seen}."
    keys = _pair_keys(events)
    total = _distinct(keys)
    if filter_seen.ages is None:
        return f"What leaves a customer's list (data.filter_seen): {filter_seen}: {total:,} pairs."
    actions = events.get(columns.ACTION, pd.Series(columns.DEFAULT_ACTION, index=events.index))
    parts = [
        f"{FilterSeen((pair,))}: {share(_distinct(keys[(actions == pair[0]).to_numpy()]), total)}"
        for pair in filter_seen.ages
    ]
    return (
        "What leaves a customer's list (data.filter_seen), in pairs of customer and product: "
        f"{'; '.join(parts)}. Other actions keep a product on it."
    )


def _pair_keys(events: pd.DataFrame) -> IntArray:
    """[E] int64, one number for each pair of customer and product; -1 where one is missing."""
    customers, products = (
        events[name].astype("category").cat for name in (columns.CUSTOMER, columns.PRODUCT)
    )
    rows = customers.codes.to_numpy().astype(np.int64)
    codes = products.codes.to_numpy()
    keys = rows * max(len(products.categories), 1) + codes
    return np.where((rows >= 0) & (codes >= 0), keys, -1)


def _distinct(keys: IntArray) -> int:
    # Sorting in place takes a third of the memory of np.unique.
    known = keys[keys >= 0]
    known.sort()
    return int(np.count_nonzero(np.diff(known))) + bool(len(known))
