"""Which products the same customers turn to within a short time of each other."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.graph.bipartite import binary
from recsys.ops.csr import search_ranges

_SPAN = 10
"""Gaps beyond so many times `gap` weigh less than e^-10, and are left out."""
_ENTRIES = 16_000_000
"""Most pairs in memory at a time, about 400 MB."""


def time_gap_pairs(data: Dataset, used: BoolArray, *, gap: float) -> csr_array:
    """[P, P] float32 CSR, symmetric, zero on the diagonal: sum of e^(-|t_i - t_j| / gap).

    The sum runs over all pairs of events i, j of one customer, with products p_i and p_j.

    Args:
        data: without a clock all events of a customer count as simultaneous.
        used: [E] bool, the events that count; they have products.
        gap: seconds, or positions of an order.
    """
    events = data.interactions
    rows = np.flatnonzero(used)
    when = np.zeros(len(events), np.int64) if events.when is None else events.when
    rows = rows[np.lexsort((when[rows], events.customers[rows]))]
    products = events.products[rows]
    size = len(data.products)
    gap *= SECOND if data.clock == "timestamp" else 1
    total = csr_array((size, size), dtype=np.float32)
    batch: list[tuple[IntArray, IntArray, FloatArray]] = []
    entries = 0
    for first, second, apart in _neighbours(events.customers[rows], when[rows], gap):
        weights = np.exp(-apart / gap).astype(np.float32)
        batch.append((products[first], products[second], weights))
        entries += len(weights)
        if entries > _ENTRIES:
            total = total + _summed(batch, size)
            batch.clear()
            entries = 0
    total = csr_array(total + _summed(batch, size)) if batch else total
    return _between_products(csr_array(total + total.T))


def had_together(data: Dataset, used: BoolArray) -> csr_array:
    """[P, P] float32 CSR, zero on the diagonal: how many customers have both products.

    Args:
        data: its events.
        used: [E] bool, the events that count; they have products.
    """
    return in_common(who_had(data, used))


def in_common(had: csr_array) -> csr_array:
    """[P, P] float32 CSR, zero on the diagonal: customers who had both, of `who_had` [C, P]."""
    return _between_products(csr_array(had.T.tocsr() @ had))


def who_had(data: Dataset, used: BoolArray) -> csr_array:
    """[C, P] float32 CSR: 1 for each product that a customer had, however often.

    Args:
        data: its events.
        used: [E] bool, the events that count; they have products.
    """
    events = data.interactions.select(used)
    shape = (len(data.customers), len(data.products))
    ones = np.ones(len(events), np.float32)
    had = csr_array((ones, (events.customers, events.products)), shape=shape)
    had.sum_duplicates()
    return binary(had)


def _between_products(pairs: csr_array) -> csr_array:
    pairs.sort_indices()
    products = np.arange(pairs.shape[0])
    starts, ends = pairs.indptr[:-1], pairs.indptr[1:]
    at = search_ranges(pairs.indices, starts, ends, products)
    at, products = at[at < ends], products[at < ends]
    pairs.data[at[pairs.indices[at] == products]] = 0
    pairs.eliminate_zeros()
    return pairs


def _neighbours(
    customers: IntArray, when: IntArray, gap: float
) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Positions [n] and [n] of pairs and their gaps [n], pairs of neighbouring events first."""
    alive = np.arange(len(customers))
    lag = 1
    while True:
        first = alive[alive + lag < len(customers)]
        second = first + lag
        apart = when[second] - when[first]
        near = (customers[first] == customers[second]) & (apart <= _SPAN * gap)
        alive = first[near]
        if not len(alive):
            return
        yield alive, second[near], apart[near]
        lag += 1


def _summed(parts: list[tuple[IntArray, IntArray, FloatArray]], size: int) -> csr_array:
    rows, columns, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    matrix = csr_array((weights, (rows, columns)), shape=(size, size))
    matrix.sum_duplicates()
    return matrix
