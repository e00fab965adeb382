"""Rows of a sparse matrix of confidences, whose least squares are solved together.

The formulas are those of `recsys.training.exact_least_squares`.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import IntArray
from recsys.training.near_identity import Array, by_gradients, solve_near_identity

_LARGEST_SYSTEM = 160
"""Above, a few products with the entries' vectors take less time than a system made of them."""
_LONGEST_ROW = 2**22
"""Numbers of a row's vectors on a CPU; those of longer rows are added up part by part."""


class Entries(NamedTuple):
    """The entries of a sparse [n, m] matrix, one row's after the other's.

    Attributes:
        offsets: [n + 1] where each row's entries begin and end, of NumPy.
        columns: [E] integers.
        values: [E] of at least 1, of the type of the vectors.
    """

    offsets: IntArray
    columns: Array
    values: Array

    @classmethod
    def of(cls, matrix: csr_array, xp: Any, device: Any) -> "Entries":
        """Those of a matrix, as arrays of `xp`, `numpy` or `torch`, on one of its devices."""
        columns, values = (
            xp.asarray(array, device=device) for array in (matrix.indices, matrix.data)
        )
        return cls(matrix.indptr, columns, values)


class RowSystems:
    """Some rows of the matrix, solved together.

    Args:
        entries: of all rows.
        rows: [b] row numbers, the longest first.
        turned: [m, d] z of all columns.
        xp: `numpy` or `torch`.
    """

    def __init__(self, entries: Entries, rows: IntArray, turned: Array, xp: Any) -> None:
        self.entries, self.turned, self.xp = entries, turned, xp
        first, end = entries.offsets[rows], entries.offsets[rows + 1]
        self.longest = int(end[0] - first[0])
        self.first, self.end = (
            xp.asarray(array, device=turned.device)[:, None] for array in (first, end)
        )

    def solved(self, at_once: int) -> Array:
        """Vectors u [b, d], by the cheapest way."""
        dim = self.turned.shape[1]
        vectors_fit = self.longest * dim <= max(_LONGEST_ROW, at_once)
        if min(self.longest, dim) > _LARGEST_SYSTEM and vectors_fit:
            found = self.without_systems()
            if found is not None:
                return found
        return self.by_entries() if self.longest < dim else self.by_dimensions(at_once)

    def without_systems(self) -> Array | None:
        """Vectors u [b, d], each step by the entries; None where it takes too many."""
        vectors, weights, excess = self._padded(0, self.longest)

        def applied(to: Array) -> Array:
            scores = (vectors @ to[:, :, None])[:, :, 0]
            return to + ((excess * scores)[:, None] @ vectors)[:, 0]

        return by_gradients(applied, (weights[:, None] @ vectors)[:, 0], self.xp)

    def by_entries(self) -> Array:
        """Vectors u [b, d], by systems of the rows' numbers of entries."""
        xp = self.xp
        vectors, weights, excess = self._padded(0, self.longest)
        root = xp.sqrt(excess)
        products = vectors @ vectors.mT
        # c = 1 + (c - 1): rounding stays small beside large c.
        inside = xp.minimum(weights, xp.ones_like(weights))
        targets = root * (1 - (products @ inside[:, :, None])[:, :, 0])
        systems = products * root[:, :, None] * root[:, None]
        diagonal = xp.arange(self.longest, device=self.turned.device)
        systems[:, diagonal, diagonal] += 1
        shares = inside + root * solve_near_identity(systems, targets, xp)
        return (shares[:, None] @ vectors)[:, 0]

    def by_dimensions(self, at_once: int) -> Array:
        """Vectors u [b, d], by systems of d; the entries are added up part by part."""
        xp, dim = self.xp, self.turned.shape[1]
        step = max(1, at_once // (len(self.first) * dim))
        systems = xp.eye(dim, dtype=self.turned.dtype, device=self.turned.device)[None]
        targets = 0
        for start in range(0, self.longest, step):
            vectors, weights, excess = self._padded(start, min(start + step, self.longest))
            scaled = vectors * xp.sqrt(excess)[:, :, None]
            systems = systems + scaled.mT @ scaled
            targets = targets + (weights[:, None] @ vectors)[:, 0]
        return solve_near_identity(systems, targets, xp)

    def _padded(self, start: int, stop: int) -> tuple[Array, Array, Array]:
        """Vectors z [b, L, d], c and c - 1 [b, L] of some entries; c is 0 beyond a row's end."""
        xp = self.xp
        positions = self.first + xp.arange(start, stop, device=self.turned.device)
        inside = positions < self.end
        positions = xp.where(inside, positions, 0)
        weights = xp.where(inside, self.entries.values[positions], 0)
        excess = xp.where(inside, weights - 1, 0)
        columns = self.entries.columns[positions]
        # The same as by an index, in a third of the time.
        vectors = self.turned.take(columns, axis=0) if xp is np else self.turned[columns]
        return vectors, weights, excess
