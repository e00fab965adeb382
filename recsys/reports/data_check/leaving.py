"""What leaves customers' lists: how many pairs of customer and product, by action."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
from recsys.data import columns
from recsys.data.filter_seen import FilterSeenLike, filter_of
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen
from recsys.reports.data_check.section import share


def leaving_line(events: pd.DataFrame, filter_seen: FilterSeenLike | FilterSeen) -> str:
    """Which products leave the list, or why the setting does not fit the data.

    Args:
        events: [E] the interactions as read; ids may be categories.
        filter_seen: as set.
    """
    try:
        chosen = filter_of(filter_seen, events)
    except InputError as error:
        return f"{error}."
    if not chosen:
        return "No product leaves a customer's list (data.filter_seen)."
    if not {columns.CUSTOMER, columns.PRODUCT} <= set(events):
        return f"What leaves a customer's list (data.filter_seen): {chosen}."
    if chosen.ages is None:
        size = _pairs(events, np.ones(len(events), bool))
        return f"What leaves a customer's list (data.filter_seen): {chosen}: {size:,} pairs."
    actions = events.get(columns.ACTION, pd.Series(columns.DEFAULT_ACTION, index=events.index))
    total = _pairs(events, np.ones(len(events), bool))
    parts = [
        f"{FilterSeen((pair,))}: {share(_pairs(events, (actions == pair[0]).to_numpy()), total)}"
        for pair in chosen.ages
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
