"""How often something had happened before a moment."""

import numpy as np

from recsys.arrays import IntArray


def earlier(
    groups: IntArray,
    when: IntArray,
    asked: IntArray,
    moments: IntArray,
    within: int | None = None,
) -> IntArray:
    """[D] events of the asked group strictly before each moment.

    Args:
        groups: [E] code of what each event counts for, as the customer; not negative.
        when: [E] moments of the events.
        asked: [D] the group that is asked about.
        moments: [D] moments that are asked about, on the same clock.
        within: only events at most so many units of the clock before; None for all.
    """
    if not len(groups) or not len(asked):
        return np.zeros(len(asked), np.int64)
    # Dense codes and ranks: customers times products, times microseconds, do not fit into 64 bits.
    _, code = np.unique(np.concatenate([groups, asked]), return_inverse=True)
    times, rank = np.unique(when, return_inverse=True)
    span = len(times) + 1
    events = np.sort(code[: len(groups)] * span + rank)
    start, until = code[len(groups) :] * span, np.searchsorted(times, moments)
    since = 0 if within is None else np.searchsorted(times, moments - within)
    found: IntArray = np.searchsorted(events, start + until) - np.searchsorted(
        events, start + since
    )
    return found
