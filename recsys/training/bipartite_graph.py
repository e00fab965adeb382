"""The customer-product graph on a device, in compressed rows, for products in both directions."""

import warnings
from dataclasses import dataclass
from typing import Generic, Protocol

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn.functional import embedding_bag
from typing_extensions import TypeVar

from recsys.errors import InputError
from recsys.training.processes import Processes
from recsys.training.shards import Shard


class Direction(Protocol):
    """One direction of a graph: the rows that this process holds of an [n, m] matrix."""

    @property
    def held(self) -> Shard:
        """Which of the n rows these are."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Rows that this process holds: of the product, and of the vectors it is made with."""
        ...

    @property
    def lengths(self) -> Tensor:
        """Number of entries of each row."""
        ...

    @property
    def values(self) -> Tensor:
        """Entries, of the type and on the device that vectors need."""
        ...

    def __matmul__(self, vectors: Tensor) -> Tensor:
        """The product with the vectors of all m nodes, of which the argument has this process's."""
        ...


@dataclass(frozen=True)
class Half:
    """One direction of a bipartite graph, a sparse [n, m] matrix in compressed rows.

    Attributes:
        offsets: [n + 1], where each row's entries begin and end.
        columns: [E], of the same integer type as the offsets.
        values: [E], float32 or float64.
        width: m.
    """

    offsets: Tensor
    columns: Tensor
    values: Tensor
    width: int

    @classmethod
    def from_matrix(cls, matrix: csr_array, device: torch.device | str) -> "Half":
        """Copies an [n, m] matrix to the device, with int32 indices where they fit."""
        fits = max(matrix.nnz, *matrix.shape) <= np.iinfo(np.int32).max
        integer = np.int32 if fits else np.int64
        return cls(
            torch.tensor(matrix.indptr.astype(integer), device=device),
            torch.tensor(matrix.indices.astype(integer), device=device),
            torch.tensor(matrix.data, device=device),
            matrix.shape[1],
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return len(self.offsets) - 1, self.width

    @property
    def held(self) -> Shard:
        """All n rows."""
        return Shard(self.shape[0])

    @property
    def lengths(self) -> Tensor:
        """[n] number of entries of each row."""
        return self.offsets.diff()

    def __matmul__(self, vectors: Tensor) -> Tensor:
        """[n, dim], the product with [m, dim] vectors; take gradients through `propagate`."""
        if vectors.is_cuda:
            return self._matrix() @ vectors
        # Three to four times as fast as MKL's CSR product, because vectors are prefetched.
        return embedding_bag(
            self.columns,
            vectors,
            self.offsets,
            mode="sum",
            per_sample_weights=self.values,
            include_last_offset=True,
        )

    def _matrix(self) -> Tensor:
        """R as a CSR tensor; `embedding_bag` would sum a popular product's entries serially."""
        with warnings.catch_warnings():
            # PyTorch says once that such tensors are new, and that they are not checked here.
            warnings.filterwarnings("ignore", "Sparse", UserWarning)
            return torch.sparse_csr_tensor(
                self.offsets, self.columns, self.values, self.shape, check_invariants=False
            )


AnyDirection = TypeVar("AnyDirection", bound=Direction, default=Direction, covariant=True)


@dataclass(frozen=True)
class BipartiteGraph(Generic[AnyDirection]):
    """The symmetric graph A = [[0, R], [R', 0]] of C customers and P products, as its two halves.

    Attributes:
        to_customers: R, [C, P]; where several processes share the graph, this one's rows of it.
        to_products: R', [P, C].
    """

    to_customers: AnyDirection
    to_products: AnyDirection

    @property
    def customers(self) -> Shard:
        """The customers whose vectors this process holds."""
        return self.to_customers.held

    @property
    def products(self) -> Shard:
        """The products whose vectors this process holds."""
        return self.to_products.held

    @property
    def processes(self) -> Processes:
        """Those that share the graph."""
        return self.customers.processes

    @classmethod
    def from_matrix(
        cls, matrix: csr_array, device: torch.device | str = "cpu"
    ) -> "BipartiteGraph[Half]":
        """Copies both halves to the device, with int32 indices where they fit.

        Args:
            matrix: [C, P] R, float32 or float64; LightGCN's is `normalise(interactions, 0.5, 0.5)`
                of `recsys.graph.bipartite`.
            device: of the halves, and of every vector that is propagated.

        Raises:
            InputError: entries of another type, or one that is not finite.
        """
        check_matrix(matrix)
        return BipartiteGraph(
            Half.from_matrix(matrix, device), Half.from_matrix(matrix.T.tocsr(), device)
        )


def check_matrix(matrix: csr_array) -> None:
    """Raises `InputError` unless the entries are float32 or float64, and finite."""
    if matrix.dtype not in (np.float32, np.float64):
        raise InputError(
            f"graph: expected a float32 or float64 matrix, got {matrix.dtype}; use astype"
        )
    if not np.isfinite(matrix.data).all():
        raise InputError("graph: expected finite weights, got NaN or infinity; drop those rows")


def entries_of(starts: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The entries of some rows of a matrix in compressed rows, one row's after the other's.

    Args:
        starts: [n + 1] int64, where each row's entries begin and end.
        rows: [B] int64 row numbers, on the same device.

    Returns:
        [N] int64 positions in `rows`, ascending, and beside them [N] int64 positions of entries.
    """
    begin = starts[rows]
    lengths = starts[rows + 1] - begin
    position = torch.arange(len(rows), device=rows.device).repeat_interleave(lengths)
    before = lengths.cumsum(0) - lengths
    return position, torch.arange(len(position), device=rows.device) + (begin - before)[position]
