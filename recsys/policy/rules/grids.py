"""Masks over groups of customers and groups of products: merged where they are equal, combined."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.errors import InputError

MOST_CELLS = 256_000_000
"""Cells of a mask over groups of customers and all products of offers."""
_BLOCK = 4_000_000
"""Cells looked at together."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A mask by groups.

    Attributes:
        customers: [n] group of each customer.
        products: [m] group of each product of an offer, or of each offer.
        allowed: [G, H] bool.
    """

    customers: IntArray
    products: IntArray
    allowed: BoolArray

    def merged(self) -> "Grid":
        """The same mask, with groups of equal rows and of equal columns made one."""
        rows, row_of = _distinct_rows(self.allowed)
        columns, column_of = _distinct_rows(self.allowed[rows].T)
        return Grid(
            row_of[self.customers], column_of[self.products], self.allowed[rows][:, columns]
        )

    def __and__(self, other: "Grid") -> "Grid":
        return _combined(self, other, np.logical_and)

    def __or__(self, other: "Grid") -> "Grid":
        return _combined(self, other, np.logical_or)

    def over_offers(self, path: str, starts: IntArray) -> "Grid":
        """By offers [O]: where the mask holds for one of their products.

        Args:
            path: of the rule, for messages.
            starts: [O + 1] where the products of each offer begin.

        Raises:
            InputError: too many groups of customers x products of offers.
        """
        if len(starts) == len(self.products) + 1:
            return self
        cells = len(self.allowed) * len(self.products)
        if cells > MOST_CELLS:
            raise _too_many(path, cells)
        wide = np.logical_or.reduceat(self.allowed[:, self.products], starts[:-1], axis=1)
        return Grid(self.customers, np.arange(len(starts) - 1), wide).merged()


def first_empty(grids: Sequence[Grid]) -> int | None:
    """The first grid that, with those before it, leaves no customer anything; None where none does.

    Args:
        grids: over the same customers and products.
    """
    customers, products = (
        np.stack([getattr(grid, side)[_firsts(grids, side)] for grid in grids])
        for side in ("customers", "products")
    )
    left = np.zeros(len(grids), dtype=bool)
    a_block = max(1, _BLOCK // products.shape[1])
    for start in range(0, customers.shape[1], a_block):
        block = customers[:, start : start + a_block]
        mask = np.ones((block.shape[1], products.shape[1]), dtype=bool)
        for position, grid in enumerate(grids):
            mask &= grid.allowed[block[position]][:, products[position]]
            left[position] |= mask.any()
        if left[-1]:
            return None
    return int(np.flatnonzero(~left)[0])


def _firsts(grids: Sequence[Grid], side: str) -> IntArray:
    """The first of those that share their groups in all grids."""
    groups: IntArray = np.zeros(len(getattr(grids[0], side)), np.int64)
    for grid in grids:
        groups, _ = _joint(groups, getattr(grid, side))
    return np.unique(groups, return_index=True)[1]


def _combined(one: Grid, other: Grid, combine: np.ufunc) -> Grid:
    customers, pairs = _joint(one.customers, other.customers)
    products, columns = _joint(one.products, other.products)
    cells = len(pairs[0]) * len(columns[0])
    if cells > MOST_CELLS:
        raise _too_many("policy.eligibility", cells)
    rows_of_one, rows_of_other = one.allowed[pairs[0]], other.allowed[pairs[1]]
    mask = combine(rows_of_one[:, columns[0]], rows_of_other[:, columns[1]])
    return Grid(customers, products, mask).merged()


def _joint(one: IntArray, other: IntArray) -> tuple[IntArray, tuple[IntArray, IntArray]]:
    """Groups [n] of equal pairs of groups, and the pair of each of them."""
    width = int(other.max(initial=0)) + 1
    keys, groups = np.unique(one.astype(np.int64) * width + other, return_inverse=True)
    return groups, (keys // width, keys % width)


def _distinct_rows(mask: BoolArray) -> tuple[IntArray, IntArray]:
    """First rows [u] of each kind, and the kind [n] of each row."""
    bits = np.packbits(mask, axis=1)
    width = max(-(-bits.shape[1] // 8) * 8, 8)
    padded = np.zeros((len(bits), width), np.uint8)
    padded[:, : bits.shape[1]] = bits
    # Whole numbers are sorted faster than bytes.
    kind = np.dtype(np.uint64) if width == 8 else np.dtype((np.void, width))
    _, firsts, kinds = np.unique(padded.view(kind).ravel(), return_index=True, return_inverse=True)
    return firsts, kinds


def _too_many(path: str, cells: int) -> InputError:
    return InputError(
        f"{path}: expected at most {MOST_CELLS:,} groups of customers x products of offers, got "
        f"{cells:,}; use columns with fewer values"
    )
