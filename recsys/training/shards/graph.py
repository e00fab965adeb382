"""The customer-product graph, of which each process holds the rows of its own vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.sparse import csr_array
from torch import Tensor

from recsys.training.bipartite_graph import BipartiteGraph, Half, check_matrix
from recsys.training.processes import Processes
from recsys.training.shards.shard import Shard


@dataclass(frozen=True)
class ShardedHalf:
    """The rows of one direction that this process holds, for vectors whose rows lie in several.

    Attributes:
        blocks: [n, m_i] a matrix for the vectors of each process, by rank.
        held: which rows these n are.
        others: rows of the vectors that it is multiplied with.
    """

    blocks: Sequence[Half]
    held: Shard
    others: Shard

    @property
    def shape(self) -> tuple[int, int]:
        """Rows held here: of the product and of the vectors that it is made with."""
        rank = self.held.processes.rank
        return self.blocks[rank].shape

    @property
    def values(self) -> Tensor:
        """Those of one block, for their type and device."""
        return self.blocks[0].values

    @property
    def lengths(self) -> Tensor:
        """[n] number of entries of each row."""
        return torch.stack([block.lengths for block in self.blocks]).sum(dim=0)

    def __matmul__(self, vectors: Tensor) -> Tensor:
        """[n, dim], the product with all vectors, of which this process holds [m, dim].

        Each process in turn sends its vectors to all others, which hold them as long as they
        multiply with them.
        """
        blocks = zip(self.blocks, self.others.blocks(vectors), strict=True)
        half, block = next(blocks)
        product = half @ block
        for half, block in blocks:
            product += half @ block
        return product


def shared_graph(
    matrix: csr_array, device: torch.device | str, processes: Processes
) -> BipartiteGraph:
    """The graph, or this process's rows of both halves where several hold a part each.

    Args:
        matrix: [C, P] as for `BipartiteGraph.from_matrix`.
        device: of the halves.
        processes: that hold a part each; alone, this one holds all.

    Raises:
        InputError: as for `BipartiteGraph.from_matrix`.
    """
    if processes.count == 1:
        return BipartiteGraph.from_matrix(matrix, device)
    check_matrix(matrix)
    customers, products = (Shard(size, processes) for size in matrix.shape)
    rows = matrix[customers.own]
    to_customers = [Half.from_matrix(rows[:, part], device) for part in products.parts]
    columns = matrix[:, products.own]
    to_products = [Half.from_matrix(columns[part].T.tocsr(), device) for part in customers.parts]
    return BipartiteGraph(
        ShardedHalf(to_customers, customers, products),
        ShardedHalf(to_products, products, customers),
    )
