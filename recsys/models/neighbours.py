"""Nearest neighbours among products, computed in blocks so that not all pairs are in memory."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import IntArray

ENTRIES = 16_000_000
"""Entries of a sparse product that are in memory at once: about 200 MB in float64."""


def row_blocks(left: csr_array, right: csr_array, entries: int = ENTRIES) -> Iterator[slice]:
    """Yields slices of consecutive rows, so that each `left[rows] @ right` is small enough.

    Args:
        left: [n, m].
        right: [m, P].
        entries: largest number of entries of a product; a block of one row may exceed it.
    """
    through = np.concatenate([[0], np.cumsum(np.diff(right.indptr)[left.indices])])
    row_entries = through[left.indptr[1:]] - through[left.indptr[:-1]]
    total = np.cumsum(np.minimum(row_entries, right.shape[1]))
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
        similarities: returns for a slice of B products their non-negative similarities [B, P] to
            all products, as CSR in any order of columns.
        blocks: consecutive slices that cover all P products.
        neighbours: largest number of entries kept per row; the product itself never counts.

    Returns:
        [P, P] float32 CSR with sorted indices, row i holding the neighbours of product i.
    """
    columns, values, lengths = [], [], [0]
    for rows in blocks:
        block = similarities(rows)
        # Rounded before the comparison, so that similarities equal on paper are ties here.
        rounded = block.data.astype(np.float32)
        for row, start in enumerate(block.indptr[:-1], rows.start):
            entries = slice(start, block.indptr[row - rows.start + 1])
            other = (block.indices[entries] != row) & (rounded[entries] > 0)
            index, value = block.indices[entries][other], rounded[entries][other]
            kept = _largest(index, value, neighbours)
            columns.append(index[kept])
            values.append(value[kept])
            lengths.append(len(kept))
    count = len(lengths) - 1
    arrays = (np.concatenate(values), np.concatenate(columns), np.cumsum(lengths))
    return csr_array(arrays, shape=(count, count))


def _largest(index: IntArray, value: np.ndarray, count: int) -> IntArray:
    """Positions of the `count` largest values, in the order of their index."""
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
