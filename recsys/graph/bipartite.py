"""The customer-product graph as a sparse matrix and its normalisations."""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.errors import InputError
from recsys.graph.action_weights import event_action_weights, require_weights
from recsys.ops.csr import entry_rows


def interaction_matrix(
    data: Dataset,
    *,
    actions: Mapping[str, float] | None = None,
    half_life: float | None = None,
) -> csr_array:
    """Weights between customers and products, summed over their events.

    An event weighs `weight x weight of its action x 2^(-(as_of - when) / half_life)`.

    Args:
        data: events without product are left out.
        actions: weight of each action, others weigh nothing; None for the default of
            `recsys.graph.action_weights`.
        half_life: days on a clock of time, positions on a clock of order; None for no decay.

    Returns:
        [C, P] float32 CSR with sorted indices and without explicit zeros.

    Raises:
        InputError: an action is unknown, a weight negative, or there is decay without a clock.
    """
    events = data.interactions
    used = np.flatnonzero(events.products >= 0)
    require_weights(actions)
    weights = event_action_weights(data, actions)[used]
    if events.weights is not None:
        weights = weights * np.nan_to_num(events.weights[used], nan=1.0)
    if half_life is not None:
        weights = weights * time_decay(data, half_life)[used]
    shape = (len(data.customers), len(data.products))
    matrix = csr_array(
        (weights.astype(np.float32), (events.customers[used], events.products[used])), shape=shape
    )
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def time_decay(data: Dataset, half_life: float) -> FloatArray:
    """[E] float32 weights of the events of a data set by their age, as of `decayed`.

    Raises:
        InputError: the data have no clock, or the half-life is not above 0.
    """
    if not half_life > 0:
        raise InputError(f"model.half_life: expected a number > 0, got {half_life:g}")
    when = data.interactions.when
    if when is None or data.as_of is None:
        raise InputError(
            f"model.half_life: data={data.name} has no time and no order; set it to null"
        )
    # Events without a time in a published test set have the latest possible one: age 0.
    return decayed(data, np.minimum(when, data.as_of), half_life)


def decayed(data: Dataset, when: IntArray, half_life: float) -> FloatArray:
    """[n] float32, 2^(-(as_of - when) / half_life) of moments [n].

    Never below 2^-64, because float32 could not hold the inverse of the degrees made from it.

    Args:
        data: with a clock.
        when: [n] int64 moments, in units of its clock.
        half_life: days, or positions of an order.
    """
    assert data.as_of is not None
    unit = DAY if data.clock == "timestamp" else 1
    weights = np.exp2(-np.minimum((data.as_of - when) / (half_life * unit), 64))
    return np.asarray(weights, np.float32)


def normalise(matrix: csr_array, row_exponent: float, column_exponent: float) -> csr_array:
    """D_r^-a R D_c^-b, where D_r and D_c hold the row and column sums of R.

    Equal exponents of 1/2 give the symmetric form of graph convolutions (Kipf and Welling, 2017);
    unequal ones shift weight between active customers and popular products.

    Args:
        matrix: [n, m] CSR with non-negative entries.
        row_exponent: a.
        column_exponent: b.

    Returns:
        float32 CSR of the same pattern. Rows and columns that sum to zero stay zero.
    """
    rows = entry_rows(matrix.indptr)
    row_factor = _inverse_power(matrix.sum(axis=1, dtype=np.float64), row_exponent)
    column_factor = _inverse_power(matrix.sum(axis=0, dtype=np.float64), column_exponent)
    data = matrix.data * row_factor[rows] * column_factor[matrix.indices]
    return csr_array((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def binary(matrix: csr_array) -> csr_array:
    """The same pattern with every entry 1."""
    ones = np.ones(matrix.nnz, np.float32)
    return csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)


def _inverse_power(sums: FloatArray | IntArray, exponent: float) -> FloatArray:
    safe = np.where(sums > 0, sums, 1.0)
    return np.where(sums > 0, safe**-exponent, 0.0)
