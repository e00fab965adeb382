"""Long arrays chunk by chunk, so that what is made of them on the way stays small."""

from collections.abc import Iterator

import numpy as np

from recsys.arrays import FloatArray, IntArray

CHUNK = 1 << 18
"""Rows of a chunk: a few arrays of so many numbers fit a processor's cache."""

_COUNTED = 1 << 22


def slices(count: int, size: int = CHUNK) -> Iterator[slice]:
    """Slices of `size` rows, the last one shorter, that together hold `count` rows.

    >>> list(slices(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def even_slices(count: int, most: int) -> Iterator[slice]:
    """The fewest slices of at most `most` rows (at least one), as even as possible.

    >>> list(even_slices(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    pieces = -(-count // max(1, most))
    return slices(count, -(-count // max(1, pieces)) or 1)


def counts(rows: IntArray, size: int) -> IntArray:
    """[size] int64 how often each number below `size` is among `rows` [n].

    As `numpy.bincount`, which would make a copy of all 32-bit numbers as 64-bit ones.

    >>> counts(np.array([2, 0, 2], np.int32), 4)
    array([1, 0, 2, 0])
    """
    total = np.zeros(size, np.int64)
    # A chunk has more rows than there are counters, which are added up once for each.
    for chunk in slices(len(rows), max(_COUNTED, size)):
        total += np.bincount(rows[chunk], minlength=size)
    return total


def largest(numbers: FloatArray) -> float:
    """The largest absolute value of numbers [n]; 0 where all are NaN.

    >>> largest(np.array([1.0, -3.0, np.nan]))
    3.0
    """
    return max((float(np.fmax.reduce(np.abs(numbers[part]), initial=0.0))
                for part in slices(len(numbers))), default=0.0)  # fmt: skip


def absolute_sum(numbers: FloatArray) -> float:
    """The sum of the absolute values of numbers [n]; NaN counts as 0.

    >>> absolute_sum(np.array([1.0, -3.0, np.nan]))
    4.0
    """
    return sum(float(np.nansum(np.abs(numbers[part]))) for part in slices(len(numbers)))
