"""A table of vectors whose rows lie in several processes, and its gradients.

Every process computes the same loss of the whole batch. So the gradient of what all processes hold
is the same in each, that of a process's own rows is complete there, and no gradient is averaged.
"""

from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from recsys.training.processes import Processes
from recsys.training.shards.shard import Shard


class ShardedRows:
    """A table [n, d] of which this process holds some rows; indexing returns any, in all processes.

    All processes have to ask for the same rows in the same order.

    Args:
        own: [rows of this process, d].
        shard: which rows these are.
    """

    def __init__(self, own: Tensor, shard: Shard) -> None:
        self.own, self.shard = own, shard

    def __len__(self) -> int:
        return self.shard.size

    def __getitem__(self, rows: Tensor) -> Tensor:
        """[..., d] vectors of rows [...] int64; gradients go to the process that holds the row."""
        vectors: Tensor = _LookUp.apply(  # type: ignore[no-untyped-call]
            self.own, rows, self.shard
        )
        return vectors

    def gram(self) -> Tensor:
        """[d, d] the sum over all rows of x x'."""
        whole: Tensor = _Total.apply(  # type: ignore[no-untyped-call]
            self.own.T @ self.own, self.shard.processes
        )
        return whole


Table: TypeAlias = Tensor | ShardedRows
"""[n, d] vectors, in one process or in several."""


def table(own: Tensor, shard: Shard) -> Table:
    """The table whose rows of this process are `own`; the tensor itself where it holds all."""
    return own if shard.processes.count == 1 else ShardedRows(own, shard)


def whole(vectors: Table) -> Tensor:
    """[n, d] all rows, in all processes; for small tables."""
    if not isinstance(vectors, ShardedRows):
        return vectors
    return vectors[torch.arange(len(vectors), device=vectors.own.device)]


def replicated(parameter: Tensor, processes: Processes) -> Tensor:
    """A parameter that all processes hold, before each applies it to rows of its own.

    Forward is the identity, backward sums the gradients that the rows of all processes cause.
    """
    if processes.count == 1:
        return parameter
    same: Tensor = _Replicated.apply(parameter, processes)  # type: ignore[no-untyped-call]
    return same


class _LookUp(Function):
    @staticmethod
    def forward(ctx: Any, own: Tensor, rows: Tensor, shard: Shard) -> Tensor:
        inside = (rows >= shard.own.start) & (rows < shard.own.stop)
        local = rows[inside] - shard.own.start
        ctx.save_for_backward(inside, local)
        ctx.count = len(own)
        vectors = own.new_zeros(*rows.shape, own.shape[1])
        vectors[inside] = own[local]
        return shard.processes.total(vectors)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inside, local = ctx.saved_tensors
        (gradient,) = gradients
        of_own = gradient.new_zeros(ctx.count, gradient.shape[-1])
        return of_own.index_add_(0, local, gradient[inside]), None, None


class _Total(Function):
    @staticmethod
    def forward(ctx: Any, part: Tensor, processes: Processes) -> Tensor:
        return processes.total(part.clone())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return gradients[0], None


class _Replicated(Function):
    @staticmethod
    def forward(ctx: Any, parameter: Tensor, processes: Processes) -> Tensor:
        ctx.processes = processes
        return parameter.view_as(parameter)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return ctx.processes.total(gradients[0].clone()), None
