"""EASE: the linear product-product model with a zero diagonal, in closed form.

Steck, Embarrassingly Shallow Autoencoders for Sparse Data (2019). The weights B minimise
`|X - X B|^2 + l2 |B|^2` with diag(B) = 0. With the inverse Q of X' X + l2 I,

    B_ij = -Q_ij / Q_jj  for i != j,

and a customer's score for product j is `sum_i x_ci B_ij`. Where there are fewer customers than
products, a [C, C] matrix is inverted instead: with S = X' (X X' + l2 I)^-1 X, which is I - l2 Q
(Woodbury), `B_ij = S_ij / (1 - S_jj)`.

Deviations: X holds the weights of events instead of 0 and 1. Q is computed in float32 where the
condition number of the matrix allows it, else in float64.
"""

from collections.abc import Mapping
from typing import Any, Self, cast

import numpy as np
from scipy.linalg import get_lapack_funcs
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.base import Validate, require_half_life, require_range
from recsys.models.stored_filter import StoredFilter

TOLERANCE = 1e-3
"""Relative error allowed in Q, by the bound condition x rounding; actual errors are far smaller."""

_BLOCK = 1_024


class EASE(StoredFilter):
    """Ranks products by a dense matrix of weights between products.

    For catalogues of thousands of products: fitting time grows with the cube of the number of
    customers or products, whichever is smaller.

    Args:
        l2: weight of the squared entries of B, in squared weights of events.
        memory_gb: largest [P, P] float32 matrix allowed, in 10^9 bytes. Fitting takes up to three
            times as much where it needs float64, and a refit holds the previous matrix as well.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(
        self,
        *,
        l2: float = 500.0,
        memory_gb: float = 4.0,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
    ) -> None:
        require_range("l2", l2, 0, open_low=True)
        require_range("memory_gb", memory_gb, 0, open_low=True)
        require_half_life(half_life)
        self.l2, self.memory_gb, self.half_life, self.actions = l2, memory_gb, half_life, actions

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Fits the model to the events of `data`; `validate` is not used.

        Raises:
            InputError: [P, P] is larger than `memory_gb`, or `l2` is too small for the events.
        """
        self._require_memory(len(data.products))
        return super().fit(data, validate)

    def _require_memory(self, products: int) -> None:
        needed = 4e-9 * products**2
        if needed > self.memory_gb:
            raise InputError(
                f"model.memory_gb: EASE needs a matrix of {products:,} x {products:,} products, "
                f"{needed:.2g} GB, and {self.memory_gb:g} GB are allowed; raise it if the "
                "machine has four times as much, or use model=item_knn"
            )

    def _filter(self, history: csr_array) -> FloatArray:
        """B as [P, P] float32."""
        active = history[np.diff(history.indptr) > 0]
        weights = active.astype(_precision(active, self.l2))
        solve = _by_customers if 0 < weights.shape[0] < weights.shape[1] else _by_products
        matrix = solve(weights, self.l2)
        np.fill_diagonal(matrix, 0)
        return matrix.astype(np.float32, copy=False)


def _by_products(weights: csr_array, l2: float) -> FloatArray:
    """B [P, P] except its diagonal, from the inverse of a [P, P] matrix."""
    inverse = _regularised_inverse(weights.T.tocsr(), l2)
    inverse /= -inverse.diagonal()
    return inverse


def _by_customers(weights: csr_array, l2: float) -> FloatArray:
    """B [P, P] except its diagonal, from the inverse of a [C, C] matrix."""
    inverse = _regularised_inverse(weights, l2)
    transposed = weights.T.tocsr()
    projection: FloatArray = np.empty((weights.shape[1],) * 2, weights.dtype)
    for start in range(0, len(projection), _BLOCK):
        rows = slice(start, start + _BLOCK)
        projection[rows] = (transposed[rows] @ inverse) @ weights
    projection /= 1 - projection.diagonal()
    return projection


def _precision(history: csr_array, l2: float) -> type[np.floating]:
    """The shortest float in which X' X + l2 I can be inverted within `TOLERANCE`."""
    weights = history.astype(np.float64)
    # No eigenvalue of a non-negative matrix exceeds its largest row sum.
    largest = float((weights.T @ weights.sum(axis=1)).max())
    condition = (largest + l2) / l2
    for precision in (np.float32, np.float64):
        if condition * np.finfo(precision).eps <= TOLERANCE:
            return precision
    lowest = largest * np.finfo(np.float64).eps / TOLERANCE
    raise InputError(
        f"model.l2: expected at least {lowest:.2g} for these events, got {l2:g}; next to weights "
        "that large it is lost in rounding"
    )


def _regularised_inverse(rows: csr_array, l2: float) -> FloatArray:
    """(A A' + l2 I)^-1 as a dense [n, n] matrix, for A [n, m]."""
    columns = rows.T.tocsr()
    matrix: FloatArray = np.empty((rows.shape[0],) * 2, rows.dtype)
    for start in range(0, len(matrix), _BLOCK):
        block = slice(start, start + _BLOCK)
        matrix[block] = (rows[block] @ columns).toarray()
    np.fill_diagonal(matrix, matrix.diagonal() + l2)
    _invert(matrix)
    return matrix


def _invert(matrix: FloatArray) -> None:
    """Replaces a symmetric positive definite [P, P] matrix by its inverse, in place."""
    # LAPACK reads columns where numpy writes rows; of a symmetric matrix both are the same, so
    # the transposed view saves the copy, and its lower triangle is our upper one.
    factorise, invert = cast("tuple[Any, Any]", get_lapack_funcs(("potrf", "potri"), (matrix,)))
    factor, failed = factorise(matrix.T, lower=True, overwrite_a=True, clean=False)
    if not failed:
        _, failed = invert(factor, lower=True, overwrite_c=True)
    if failed:
        raise InputError("model.l2: too small to solve for these events; raise it")
    for start in range(0, len(matrix), _BLOCK):
        rows = slice(start, start + _BLOCK)
        matrix[rows, :start] = matrix[:start, rows].T
        corner = np.triu(matrix[rows, rows])
        matrix[rows, rows] = corner + np.triu(corner, 1).T
