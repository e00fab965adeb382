"""What leaves customers' lists: how many pairs of customer and product, by action."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
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
    if filter_seen.ages is None:
        size = _pairs(events, np.ones(len(events), bool))
        return f"What leaves a customer's list (data.filter_seen): {filter_seen}: {size:,} pairs."
    actions = events.get(columns.ACTION, pd.Series(columns.DEFAULT_ACTION, index=events.index))
    total = _pairs(events, np.ones(len(events), bool))
    parts = [
        f"{FilterSeen((pair,))}: {share(_pairs(events, (actions == pair[0]).to_numpy()), total)}"
        for pair in filter_seen.ages
    ]
    return (
        "What leaves a customer's list (data.filter_seen), in pairs of customer and product: "
        f"{'; '.join(parts)}. Other actions keep a product on it."
    )


def _pairs(events: pd.DataFrame, chosen: BoolArray) -> int:
    """How many pairs of customer and product the chosen events [E] have."""
    both = [events[name][chosen] for name in (columns.CUSTOMER, columns.PRODUCT)]
    customers, products = (column.astype("category").cat for column in both)
    known = (customers.codes.to_numpy() >= 0) & (products.codes.to_numpy() >= 0)
    keys = customers.codes.to_numpy().astype(np.int64) * max(len(products.categories), 1)
    return len(np.unique((keys + products.codes.to_numpy())[known]))
