"""The nearest point of a polyhedron in few dimensions."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray

_EMPTY = 1e-10
"""A polyhedron whose nearest point is farther than 1e5 counts as empty: the squared residual of the
least squares problem is 1 / (1 + distance^2)."""


def nearest_to_origin(
    normals: FloatArray, offsets: FloatArray, is_active: BoolArray
) -> tuple[FloatArray | None, BoolArray]:
    """The shortest x with normals @ x >= offsets; None where there is none.

    Least distance programming (Lawson and Hanson, Solving Least Squares Problems, 1974, ch. 23):
    a nonnegative least squares problem whose residual gives x.

    Args:
        normals: [n, m] of length about 1.
        offsets: [n].
        is_active: [n] a guess of the constraints that hold with equality; any will do.

    Returns:
        [m], and [n] those that do.
    """
    columns = np.concatenate([normals.T, offsets[None]])  # [m + 1, n]
    target = np.zeros(len(columns))
    target[-1] = 1.0
    residual, is_active = _nonnegative(columns, target, is_active)
    if residual @ residual <= _EMPTY:
        return None, is_active
    return np.asarray(residual[:-1] / -residual[-1]), is_active


def _nonnegative(
    columns: FloatArray, target: FloatArray, is_active: BoolArray
) -> tuple[FloatArray, BoolArray]:
    """The least residual columns @ u - target with u >= 0, by the active set of Lawson and Hanson.

    Also which of u are positive, from a guess of them.
    """
    count = columns.shape[1]
    weights: FloatArray = np.zeros(count)
    is_active = is_active.copy()
    tolerance = 1e-13 * np.abs(columns).max()
    for _ in range(3 * count):
        weights = _within(columns, target, weights, is_active)
        residual = columns @ weights - target
        slope = residual @ columns
        slope[is_active] = np.inf
        enters = int(slope.argmin())
        if slope[enters] >= -tolerance or residual @ residual <= _EMPTY:
            break
        is_active[enters] = True
    return residual, is_active


def _within(
    columns: FloatArray, target: FloatArray, weights: FloatArray, is_active: BoolArray
) -> FloatArray:
    """Least squares over the active weights; those that would be negative leave, in place."""
    while is_active.any():
        active = np.flatnonzero(is_active)
        solved = np.linalg.lstsq(columns[:, active], target, rcond=None)[0]
        leaving = np.flatnonzero(solved <= 0)
        moved = np.zeros(len(weights))
        if not len(leaving):
            moved[active] = solved
            return moved
        # As far towards the solution as no weight falls below 0; the first to reach it leaves.
        before = weights[active]
        shares = before[leaving] / (before[leaving] - solved[leaving] + 1e-300)
        first = shares.argmin()
        moved[active] = np.maximum(before + shares[first] * (solved - before), 0.0)
        is_active[active[leaving[first]]] = False
        moved[active[leaving[first]]] = 0.0
        weights = moved
    return np.zeros(len(weights))
