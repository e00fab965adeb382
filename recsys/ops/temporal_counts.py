"""Dated events by key: counts, sums and latest values strictly before a moment."""

import numpy as np

from recsys.arrays import FloatArray, IntArray


class EventHistory:
    """Events by key and time; every result is about events strictly before a moment.

    A query is a pair of a key and a moment. All queries are answered at once by binary search, and
    none sees an event at its own moment or later, whatever the order of the events. Moments are of
    one clock: microseconds, or positions of an order.

    Args:
        keys: [E] whole numbers, for example customer row numbers; events of key -1 are left out.
        when: [E] int64 moments.
        values: [E] what is summed and compared, kept as float64; None where events are only
            counted.
    """

    def __init__(
        self, keys: IntArray, when: IntArray, values: FloatArray | IntArray | None = None
    ) -> None:
        order = np.lexsort((when, keys))
        order = order[keys[order] >= 0]
        self._when = when[order]
        # Dense codes and ranks: customers times products, times microseconds, exceed 64 bits.
        self._keys, key = np.unique(keys[order], return_inverse=True)
        self._moments, moment = np.unique(self._when, return_inverse=True)
        # Key and moment as one number, in which the events now ascend.
        self._stride = len(self._moments) + 1
        self._codes = key * self._stride + moment
        self._values = np.ones(len(order)) if values is None else values[order].astype(np.float64)
        self._sums = np.concatenate([[0.0], np.cumsum(self._values)])
        self._key = key

    def count(self, keys: IntArray, moments: IntArray, within: int | None = None) -> FloatArray:
        """Number of events [n] float64 of the key before the moment.

        Args:
            keys: [n] key of each query; unknown keys have no events.
            moments: [n] moment of each query.
            within: counts only events at most so many units of the clock before the moment; None
                for all.
        """
        first, end = self._span(keys, moments)
        if within is not None:
            first = self._span(keys, moments - within)[1]
        return (end - first).astype(np.float64)

    def active(self, keys: IntArray, moment: int, within: int) -> IntArray:
        """Those of the keys that have an event at most so many units of the clock before."""
        return keys[self.count(keys, np.full(len(keys), moment), within) > 0]

    def total(self, keys: IntArray, moments: IntArray) -> FloatArray:
        """Sum [n] float64 of the values of the key's events before the moment."""
        first, end = self._span(keys, moments)
        totals: FloatArray = self._sums[end] - self._sums[first]
        return totals

    def largest(self, keys: IntArray, moments: IntArray) -> FloatArray:
        """Largest value [n] float64 of the key's events before the moment; nan without events."""
        levels, level = np.unique(self._values, return_inverse=True)
        # Ranks of a later key exceed all ranks of an earlier one, so one running maximum will do.
        climbing = np.maximum.accumulate(level + len(levels) * self._key)
        return self._of_latest(keys, moments, levels[climbing % max(len(levels), 1)])

    def since(self, keys: IntArray, moments: IntArray) -> FloatArray:
        """Time [n] float64 from the key's latest event to the moment; nan without events."""
        return moments - self._of_latest(keys, moments, self._when.astype(np.float64))

    def latest(self, keys: IntArray, moments: IntArray, back: int = 0) -> FloatArray:
        """Value [n] float64 of the key's latest event before the moment; nan without one.

        Of events at one moment the later row counts as the later event.

        Args:
            keys: [n] key of each query.
            moments: [n] moment of each query.
            back: takes the event so many events before the latest.
        """
        return self._of_latest(keys, moments, self._values, back)

    def _of_latest(
        self, keys: IntArray, moments: IntArray, values: FloatArray, back: int = 0
    ) -> FloatArray:
        """[n] entry of `values`, which are [E] in the order of the events, or nan."""
        first, end = self._span(keys, moments)
        position = end - 1 - back
        return np.append(values, np.nan)[np.where(position >= first, position, -1)]

    def _span(self, keys: IntArray, moments: IntArray) -> tuple[IntArray, IntArray]:
        """Positions [n] of the key's first event, and behind its last before the moment."""
        key = np.searchsorted(self._keys, keys)
        known = np.append(self._keys, -1)[key] == keys
        first = np.searchsorted(self._codes, key * self._stride)
        moment = np.searchsorted(self._moments, moments)
        end = np.searchsorted(self._codes, key * self._stride + moment)
        return first, np.where(known, end, first)


def earlier(
    groups: IntArray,
    when: IntArray,
    query_groups: IntArray,
    moments: IntArray,
    within: int | None = None,
) -> IntArray:
    """Number of events [n] int64 of a group strictly before a moment, see `EventHistory`.

    Args:
        groups: [E] group of each event, for example the customer; not negative.
        when: [E] int64 moments of the events.
        query_groups: [n] group of each query.
        moments: [n] moment of each query, on the same clock.
        within: counts only events at most so many units of the clock before; None for all.
    """
    return EventHistory(groups, when).count(query_groups, moments, within).astype(np.int64)
