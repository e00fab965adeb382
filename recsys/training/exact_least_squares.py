"""Exact weighted least squares of all rows of a sparse matrix, in NumPy or in PyTorch.

With fixed vectors Y [m, d] each row of confidences c has the vector x that minimises

    sum_p c_p (1[c_p > 0] - x . y_p)^2 + l2 |x|^2,    c_p = 1 where nothing is stored,

the half step of alternating least squares in Hu, Koren and Volinsky, Collaborative Filtering for
Implicit Feedback Datasets (2008), equation 4. Y'Y + l2 I is factorised once for all rows: with its
eigenvectors V and eigenvalues e, the rows z = e^-1/2 V'y of a row's entries and D = diag(c - 1),

    (I + Z'D Z) u = Z'c,    x = V e^-1/2 u,

a d x d system. A row with n < d entries has a smaller one, n x n (Woodbury's identity):

    (I + D^1/2 Z Z' D^1/2) b = D^1/2 (1 - Z Z' 1),    u = Z'(1 + D^1/2 b).

Neither has an eigenvalue below 1, and |z| <= 1: few exceed 10, so that float32 and a few conjugate
gradients are enough (`recsys.training.near_identity`). Where both n and d are large, the gradients
multiply with the entries' vectors, 4 n d a step, and no system is made.

The functions that are called have the same names in NumPy and in PyTorch (the array API standard),
so that a CPU needs no PyTorch: NumPy is faster there.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from recsys.arrays import IntArray
from recsys.training.near_identity import Array, by_gradients, solve_near_identity

Each: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""As `map`; the calls do not depend on each other."""

_NUMBERS_AT_ONCE = 2**28
"""On a GPU, 1 GiB of float32."""
_NUMBERS_IN_CACHE = 2**19
"""On a CPU, for each thread."""
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


@contextmanager
def each_in_threads() -> Iterator[Each]:
    """A `map` over threads: OMP_NUM_THREADS, or one a core; BLAS has one for each call."""
    count = int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count() or 1
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(count) as pool:
        yield pool.map


def solved(entries: Entries, fixed: Array, l2: float, xp: Any, each: Each = map) -> Array:
    """Vectors [n, d] of least squares; 0 for rows without entries.

    Time O((n + m) d^2 + d^3) and O(n' d max(n', d)) a row of n' entries; memory of one [m, d]
    array and, for each thread, 2 MiB a few times (on a GPU 1 GiB). Longest rows come first,
    so that those solved together are padded little.

    Args:
        entries: of [n, m] confidences.
        fixed: [m, d] of the other side.
        l2: weight of the squared norms.
        xp: `numpy` or `torch`, which the arrays are of.
        each: of `each_in_threads` for NumPy.

    Raises:
        numpy.linalg.LinAlgError: `l2` is too small for the vectors of the other side.
    """
    at_once = _NUMBERS_IN_CACHE if xp is np else _NUMBERS_AT_ONCE
    turn = _turn(fixed, l2, at_once, xp, each)
    turned = xp.empty_like(fixed)

    def turn_part(part: slice) -> None:
        turned[part] = fixed[part] @ turn

    list(each(turn_part, _parts(fixed, at_once)))
    lengths = np.diff(entries.offsets)
    order = np.argsort(-lengths)
    order = order[: np.count_nonzero(lengths)]
    vectors = xp.zeros((len(lengths), fixed.shape[1]), dtype=fixed.dtype, device=fixed.device)

    def solve_part(part: slice) -> None:
        rows = _Rows(entries, order[part], turned, xp)
        found = rows.solved(at_once)
        vectors[xp.asarray(order[part], device=fixed.device)] = found @ turn.T

    list(each(solve_part, _batches(lengths[order], fixed.shape[1], at_once)))
    return vectors


class _Rows:
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


def _turn(fixed: Array, l2: float, at_once: int, xp: Any, each: Each) -> Array:
    """V e^-1/2 [d, d] of Y'Y + l2 I."""
    grams = each(lambda part: fixed[part].T @ fixed[part], _parts(fixed, at_once))
    gram = sum(xp.asarray(array, dtype=xp.float64) for array in grams)
    values, vectors = xp.linalg.eigh(gram)
    largest, rounding = float(values[-1]), float(xp.finfo(fixed.dtype).eps)
    # What is below the rounding of the sums is nothing.
    values = xp.where(values > largest * rounding, values, 0) + l2
    # Else z would be made of the rounding of y.
    if not float(values[0]) > largest * (10 * rounding) ** 2:
        raise np.linalg.LinAlgError("least squares: singular; raise l2")
    return xp.asarray(vectors * values**-0.5, dtype=fixed.dtype)


def _parts(array: Array, numbers: int) -> Iterator[slice]:
    """Slices of the rows of an [n, d] array, of about so many numbers each."""
    rows, dim = array.shape
    step = max(dim, numbers // dim)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def _batches(lengths: IntArray, dim: int, numbers: int) -> Iterator[slice]:
    """Slices of rows to solve together, by their lengths in descending order."""
    start = 0
    while start < len(lengths):
        longest = int(lengths[start])
        of_a_row = longest * dim if longest < dim else 2 * dim * dim
        end = min(start + max(1, numbers // of_a_row), len(lengths))
        yield slice(start, end)
        start = end
