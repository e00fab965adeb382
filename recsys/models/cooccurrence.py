"""Product-product co-occurrence of any size: R' W of a history R and weights W on the same pairs.

A few million customers link almost all pairs of products. The matrix is made in blocks of rows:
one block, as sparse as it is, where it has few entries; else many, each sparse or dense, whichever
takes less memory. A block is scaled by columns when it is used, since a scaled copy of all blocks
would take as much memory again; a single block keeps its scaled copy, which scores faster.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from scipy.sparse import csr_array, vstack

from recsys.arrays import FloatArray
from recsys.models.dense_scores import add_product
from recsys.ops.chunks import even_slices, slices

_ENTRIES_AT_ONCE = 2**27
"""Of a block: 512 MiB if it is dense, up to 1 GiB if it is sparse."""


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """A [P, P] float32 matrix in blocks of rows.

    Attributes:
        blocks: one after the other, sparse or dense.
        factor: [P] by which the columns are multiplied in products.
    """

    blocks: tuple[csr_array | FloatArray, ...]
    factor: FloatArray

    @classmethod
    def of(cls, history: csr_array, weighted: csr_array, at_once: int = _ENTRIES_AT_ONCE) -> Self:
        """The product of the transposed history and the weights, without factors.

        Args:
            history: [C, P] float32.
            weighted: [C, P] float32, of the same pattern.
            at_once: most entries of a block.
        """
        transposed, products = history.T.tocsr(), history.shape[1]
        step = max(1, at_once // products)
        ones = np.ones(products, np.float32)
        if step >= products:
            return cls((_product(transposed, weighted),), ones)
        blocks = [
            _smaller(_product(transposed[first : first + step], weighted))
            for first in range(0, products, step)
        ]
        if sum(int(block.size) for block in blocks) <= at_once:
            blocks = [vstack([csr_array(block) for block in blocks], format="csr")]
        return cls(tuple(blocks), ones)

    @property
    def entries(self) -> int:
        """Numbers that are kept."""
        return sum(int(block.size) for block in self.blocks)

    def scaled(self, factor: FloatArray) -> "Cooccurrence":
        """The matrix with its columns multiplied by a factor [P]."""
        if len(self.blocks) > 1:
            return Cooccurrence(self.blocks, factor.astype(np.float32))
        return Cooccurrence((scaled_columns(csr_array(self.blocks[0]), factor),), self.factor)

    def add_to(self, scores: FloatArray, rows: csr_array) -> None:
        """Adds rows @ matrix to the scores, in place.

        Args:
            scores: [Q, P] float32.
            rows: [Q, P] float32.
        """
        if len(self.blocks) == 1:
            add_product(scores, rows, self.blocks[0])
            return
        added, first = np.zeros_like(scores), 0
        for block in self.blocks:
            add_product(added, rows[:, first : first + block.shape[0]], block)
            first += block.shape[0]
        added *= self.factor
        scores += added

    def __matmul__(self, vectors: FloatArray) -> FloatArray:
        """[P, n] of vectors [P, n]."""
        return np.vstack([block @ (self.factor[:, None] * vectors) for block in self.blocks])


def scaled_columns(matrix: csr_array, factor: FloatArray) -> csr_array:
    """The matrix with its columns multiplied by a factor; the pattern is shared."""
    factor, data = factor.astype(np.float32), np.empty_like(matrix.data)
    for entries in slices(matrix.nnz):
        np.multiply(matrix.data[entries], factor[matrix.indices[entries]], out=data[entries])
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _product(left: csr_array, right: csr_array) -> csr_array:
    """The product, by as many threads as PyTorch uses: one of SciPy's runs beside others."""
    parts = list(even_slices(left.shape[0], -(-left.shape[0] // torch.get_num_threads())))
    with ThreadPoolExecutor(len(parts)) as pool:
        products = list(pool.map(lambda rows: csr_array(left[rows] @ right), parts))
    return products[0] if len(products) == 1 else csr_array(vstack(products, format="csr"))


def _smaller(block: csr_array) -> csr_array | FloatArray:
    # A sparse entry takes a number and a column of 4 bytes each.
    is_dense = block.nnz * 2 > block.shape[0] * block.shape[1]
    return block.toarray() if is_dense else block
