"""Events before a moment: how many of each item, and which came last."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.models.acceptance.event_history import EventHistory


def counts_before(
    groups: IntArray, when: IntArray, items: IntArray, asked: IntArray, moments: IntArray, size: int
) -> FloatArray:
    """[n, size] float64 events of each item in the asked group, strictly before the moment.

    Args:
        groups: [E] whose events they are, not negative.
        when: [E] their moments.
        items: [E] from 0 to size - 1.
        asked: [n] groups that are asked about.
        moments: [n].
        size: number of items.
    """
    ledger = EventHistory(groups.astype(np.int64) * size + items, when)
    keys = asked.astype(np.int64)[:, None] * size + np.arange(size)
    return ledger.count(keys.ravel(), np.repeat(moments, size)).reshape(keys.shape)


def latest_before(
    groups: IntArray, when: IntArray, items: IntArray, asked: IntArray, moments: IntArray, last: int
) -> IntArray:
    """[n, last] items of the last events of the asked group strictly before the moment.

    The latest comes first; -1 where there are no more. Of events at one moment the later row counts
    as the later one.

    Args:
        groups: [E] whose events they are, not negative.
        when: [E] their moments.
        items: [E] not negative.
        asked: [n] groups that are asked about.
        moments: [n].
        last: how many.
    """
    order = np.lexsort((when, groups))
    _, place = np.unique(np.concatenate([when, moments]), return_inverse=True)
    stride = int(place.max(initial=0)) + 1
    happened = groups[order].astype(np.int64) * stride + place[: len(when)][order]
    end = np.searchsorted(happened, asked.astype(np.int64) * stride + place[len(when) :])
    # A place before the first event, and an item of nobody to stand at it.
    owner, item = np.append(groups[order], -1), np.append(items[order], -1)
    found = np.full((len(asked), last), -1)
    for back in range(last):
        at = np.maximum(end - 1 - back, -1)
        found[:, back] = np.where(owner[at] == asked, item[at], -1)
    return found
