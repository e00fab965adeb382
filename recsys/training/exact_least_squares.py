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
from typing import Any, TypeAlias

import numpy as np
from threadpoolctl import threadpool_limits

from recsys.arrays import IntArray
from recsys.training.near_identity import Array
from recsys.training.row_systems import Entries, RowSystems

Each: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""As `map`; the calls do not depend on each other."""

_NUMBERS_AT_ONCE = 2**28
"""On a GPU, 1 GiB of float32."""
_NUMBERS_IN_CACHE = 2**19
"""On a CPU, for each thread."""


def thread_count() -> int:
    """OMP_NUM_THREADS, of which OpenMP takes a list; one a core where it says nothing."""
    outermost = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return (int(outermost) if outermost.isdecimal() else 0) or os.cpu_count() or 1


@contextmanager
def each_in_threads() -> Iterator[Each]:
    """A `map` over `thread_count` threads; BLAS has one for each call."""
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(thread_count()) as pool:
        yield pool.map


def solved(entries: Entries, fixed: Array, l2: float, xp: Any, each: Each = map) -> Array:
    """Vectors [n, d] of least squares; 0 for rows without entries.

    Time O((n + m) d^2 + d^3), and at most O(n' d min(n', d)) a row of n' entries; memory of one
    [m, d] array and, for each thread, 2 MiB a few times (on a GPU 1 GiB). Longest rows come first,
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
    at_once = _NUMBERS_IN_CACHE if str(fixed.device) == "cpu" else _NUMBERS_AT_ONCE
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
        rows = RowSystems(entries, order[part], turned, xp)
        found = rows.solved(at_once)
        vectors[xp.asarray(order[part], device=fixed.device)] = found @ turn.T

    list(each(solve_part, _batches(lengths[order], fixed.shape[1], at_once)))
    return vectors


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
