"""The nearest of many vectors by cosine, exactly, in tiles. Pure NumPy."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.csr import expand_ranges
from recsys.ops.topk import TopK, topk

_TILE_OWNERS, _TILE_SCORES = 256, 2**24
"""Owners compared at once, fewer where that many rows of scores would take over 64 MiB."""
_SCALE = np.float32(1e6)


@dataclass(frozen=True, eq=False)
class UnitVectors:
    """Vectors of length 1 of n owners, each of whom has one or several.

    Attributes:
        vectors: [R, d] float32, one owner after the other.
        starts: [n] where the vectors of each owner start.
    """

    vectors: FloatArray
    starts: IntArray

    @classmethod
    def of(cls, vectors: FloatArray, starts: IntArray) -> "UnitVectors":
        """Vectors of any length above 0, scaled to 1."""
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cls(np.ascontiguousarray(vectors / lengths, np.float32), starts)

    def __len__(self) -> int:
        return len(self.starts)

    def rows_of(self, owners: IntArray) -> tuple[IntArray, IntArray]:
        """Position in `owners` [m], and row in `vectors` [m], of the vectors of some owners."""
        ends = np.append(self.starts[1:], len(self.vectors))
        return expand_ranges(self.starts[owners], ends[owners])

    def nearest(self, owners: IntArray, k: int) -> TopK:
        """The k owners whose vectors are nearest to those of each of some owners.

        The similarity of two owners is the highest cosine of a vector of one and a vector of the
        other. It counts to six decimals; of equal ones the lower owner comes first.

        Args:
            owners: [q] who is compared with all others.
            k: how many, at least 1; at most n - 1 are returned.

        Returns:
            Owners [q, min(k, n - 1)] int32 and cosines float32.
        """
        width = min(k, len(self) - 1)
        result = TopK(
            np.empty((len(owners), width), np.int32), np.empty((len(owners), width), np.float32)
        )
        step = max(1, min(_TILE_OWNERS, _TILE_SCORES // max(len(self.vectors), 1)))

        def compare(first: int) -> None:
            tile = slice(first, first + step)
            scores = self._cosines(owners[tile])
            # In millionths: whole numbers do not depend on the place of a column in a tile.
            np.rint(scores, out=scores)
            scores[np.arange(len(scores)), owners[tile]] = -np.inf
            best = topk(scores, width)
            result.columns[tile], result.scores[tile] = best.columns, best.scores / _SCALE

        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
            deque(threads.map(compare, range(0, len(owners), step)), maxlen=0)
        return result

    def _cosines(self, owners: IntArray) -> FloatArray:
        """[q, n] the highest cosine of each pair of owners, times a million."""
        if len(self) == len(self.vectors):
            scores: FloatArray = (self.vectors[owners] * _SCALE) @ self.vectors.T
            return scores
        positions, rows = self.rows_of(owners)
        scores = (self.vectors[rows] * _SCALE) @ self.vectors.T
        scores = np.maximum.reduceat(scores, self.starts, axis=1)
        return np.maximum.reduceat(scores, np.searchsorted(positions, np.arange(len(owners))))


def taste_columns(customers: FloatArray, ordering: BoolArray) -> BoolArray:
    """[d] the columns of customers' vectors that tell their taste in products.

    Left out are columns that change no order of products, as a customer's own bias, and those that
    are the same for all customers, as the ones before a product's bias.

    Args:
        customers: [R, d] vectors.
        ordering: [d] whether products differ in a column.
    """
    if len(customers) < 2:
        return ordering
    return np.asarray(ordering & (customers.max(axis=0) != customers.min(axis=0)))
