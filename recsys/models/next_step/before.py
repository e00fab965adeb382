"""Events before a moment: how many of each item, and which came last."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.ops.temporal_counts import EventHistory


def counts_before(
    groups: IntArray,
    when: IntArray,
    items: IntArray,
    query_groups: IntArray,
    moments: IntArray,
    size: int,
) -> FloatArray:
    """Number of events [n, size] float64 of each item in a group, strictly before a moment.

    Args:
        groups: [E] group of each event, for example the customer; not negative.
        when: [E] int64 moments of the events.
        items: [E] item of each event, from 0 to size - 1.
        query_groups: [n] group of each query.
        moments: [n] int64 moment of each query, on the clock of `when`.
        size: number of items.
    """
    history = EventHistory(groups.astype(np.int64) * size + items, when)
    keys = query_groups.astype(np.int64)[:, None] * size + np.arange(size)
    return history.count(keys.ravel(), np.repeat(moments, size)).reshape(keys.shape)


def latest_before(
    groups: IntArray,
    when: IntArray,
    items: IntArray,
    query_groups: IntArray,
    moments: IntArray,
    last: int,
) -> IntArray:
    """Items [n, last] int64 of the latest events of a group strictly before a moment.

    The latest comes first; -1 where the group has fewer events. Of events at one moment the later
    row counts as the later event.

    Args:
        groups: [E] group of each event, for example the customer; not negative.
        when: [E] int64 moments of the events.
        items: [E] item of each event, not negative.
        query_groups: [n] group of each query.
        moments: [n] int64 moment of each query, on the clock of `when`.
        last: how many items to return for each query.
    """
    history = EventHistory(groups, when, items)
    latest = [history.latest(query_groups, moments, back) for back in range(last)]
    return np.nan_to_num(np.column_stack(latest), nan=-1).astype(np.int64)
