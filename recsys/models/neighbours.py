"""The nearest neighbours among products, found without ever holding all pairs."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import IntArray

ENTRIES = 16_000_000
"""Entries of a product of sparse matrices that are held at once: about 200 MB in float64."""


def row_blocks(left: csr_array, right: csr_array, entries: int = ENTRIES) -> Iterator[slice]:
    """Consecutive rows of `left`, so many that `left[rows] @ right` stays within `entries`.

    A block is never empty: a single row may hold more.
    """
    through = np.concatenate([[0], np.cumsum(np.diff(right.indptr)[left.indices])])
    reached = through[left.indptr[1:]] - through[left.indptr[:-1]]
    total = np.cumsum(np.minimum(reached, right.shape[1]))
    start = 0
    while start < left.shape[0]:
        before = total[start - 1] if start else 0
        stop = max(int(np.searchsorted(total, before + entries, side="right")), start + 1)
        yield slice(start, stop)
        start = stop


def nearest(
    similarities: Callable[[slice], csr_array], blocks: Iterable[slice], neighbours: int
) -> csr_array:
    """The largest similarities of every product to others; ties go to the lower row number.

    Args:
        similarities: [B, P] non-negative, of the products of a block to all; any column order.
        blocks: consecutive, together all P products.
        neighbours: entries kept of a row, at most; the product itself never counts.

    Returns:
        [P, P] float32 CSR with sorted indices, row i holding the neighbours of product i.
    """
    columns, values, lengths = [], [], [0]
    for rows in blocks:
        block = similarities(rows)
        # Rounded before they are compared: what is equal on paper should be a tie here.
        rounded = block.data.astype(np.float32)
        for row, start in enumerate(block.indptr[:-1], rows.start):
            held = slice(start, block.indptr[row - rows.start + 1])
            other = (block.indices[held] != row) & (rounded[held] > 0)
            index, value = block.indices[held][other], rounded[held][other]
            kept = _largest(index, value, neighbours)
            columns.append(index[kept])
            values.append(value[kept])
            lengths.append(len(kept))
    count = len(lengths) - 1
    arrays = (np.concatenate(values), np.concatenate(columns), np.cumsum(lengths))
    return csr_array(arrays, shape=(count, count))


def _largest(index: IntArray, value: np.ndarray, count: int) -> IntArray:
    """Positions of the `count` largest values in the order of their index."""
    if len(value) > count:
        cut = np.partition(value, -count)[-count]
        above = np.flatnonzero(value > cut)
        tied = np.flatnonzero(value == cut)
        first = tied[np.argsort(index[tied])][: count - len(above)]
        positions = np.concatenate([above, first])
    else:
        positions = np.arange(len(value))
    ordered: IntArray = positions[np.argsort(index[positions])]
    return ordered
