"""Dated events of many keys: counts and sums of what lies before a moment."""

import numpy as np

from recsys.arrays import FloatArray, IntArray


class EventHistory:
    """Events by key and time; every answer is about those strictly before a moment.

    Questions are pairs of a key [n] and a moment [n], answered all at once by binary search: a
    question cannot see what happened at its own moment or later, whatever order they come in.

    Args:
        keys: [E] whole numbers; an event of key -1 belongs to nobody and is left out.
        when: [E] int64 moments.
        values: [E] what is summed; None where events are only counted.
    """

    def __init__(
        self, keys: IntArray, when: IntArray, values: FloatArray | IntArray | None = None
    ) -> None:
        order = np.lexsort((when, keys))
        order = order[keys[order] >= 0]
        self._when = when[order]
        self._keys, key = np.unique(keys[order], return_inverse=True)
        self._moments, moment = np.unique(self._when, return_inverse=True)
        # Key and moment as one number, by which the events now ascend.
        self._stride = len(self._moments) + 1
        self._places = key * self._stride + moment
        self._values = np.ones(len(order)) if values is None else values[order].astype(np.float64)
        self._sums = np.concatenate([[0.0], np.cumsum(self._values)])
        self._key = key

    def count(self, keys: IntArray, moments: IntArray) -> FloatArray:
        """[n] float64 number of events of the key before the moment."""
        first, end = self._span(keys, moments)
        return (end - first).astype(np.float64)

    def total(self, keys: IntArray, moments: IntArray) -> FloatArray:
        """[n] float64 sum of their values."""
        first, end = self._span(keys, moments)
        found: FloatArray = self._sums[end] - self._sums[first]
        return found

    def largest(self, keys: IntArray, moments: IntArray) -> FloatArray:
        """[n] float64 largest of their values; nan where there is none."""
        levels, level = np.unique(self._values, return_inverse=True)
        # Ranks of a later key lie above all ranks of an earlier one, so that one pass will do.
        climbing = np.maximum.accumulate(level + len(levels) * self._key)
        return self._of_last(keys, moments, levels[climbing % max(len(levels), 1)])

    def since(self, keys: IntArray, moments: IntArray) -> FloatArray:
        """[n] float64 time from the last of them to the moment; nan where there is none."""
        return moments - self._of_last(keys, moments, self._when.astype(np.float64))

    def _of_last(self, keys: IntArray, moments: IntArray, values: FloatArray) -> FloatArray:
        """[n] the value, of those of all events [E], that belongs to the last before the moment."""
        first, end = self._span(keys, moments)
        found: FloatArray = np.append(values, np.nan)[np.where(end > first, end - 1, -1)]
        return found

    def _span(self, keys: IntArray, moments: IntArray) -> tuple[IntArray, IntArray]:
        """Positions [n] of the key's first event, and after its last before the moment."""
        key = np.searchsorted(self._keys, keys)
        known = np.append(self._keys, -1)[key] == keys
        first = np.searchsorted(self._places, key * self._stride)
        moment = np.searchsorted(self._moments, moments)
        end = np.searchsorted(self._places, key * self._stride + moment)
        return first, np.where(known, end, first)
