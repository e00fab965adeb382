"""The processes that train one model together, started by torchrun."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed


@dataclass(frozen=True)
class Processes:
    """The rank of this process among all that train together.

    Attributes:
        rank: of this process, from 0.
        count: number of processes.
    """

    rank: int = 0
    count: int = 1

    @classmethod
    def here(cls) -> "Processes":
        """In the group that was joined; alone without one."""
        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def first(self) -> bool:
        """Whether this is the process that validates, writes and prints."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """The consecutive positions out of `count` that this process works on."""
        return slice(self.rank * count // self.count, (self.rank + 1) * count // self.count)

    def told_by_first(self, value: Any) -> Any:
        """The value of the first process, in all of them; it is a plain value."""
        if self.count == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0)
        return values[0]

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            distributed.barrier()

    def total(self, part: Tensor) -> Tensor:
        """The sum of the parts of all processes, in each of them; replaces the part."""
        if self.count > 1:
            distributed.all_reduce(part)
        return part

    def highest(self, part: Tensor) -> Tensor:
        """The largest of the parts of all processes, by entry; replaces the part."""
        if self.count > 1:
            distributed.all_reduce(part, distributed.ReduceOp.MAX)
        return part

    def stacked(self, part: Tensor) -> Tensor:
        """[processes, ...] the parts of all processes, which have one shape, by rank."""
        if self.count == 1:
            return part[None]
        parts = [torch.empty_like(part) for _ in range(self.count)]
        distributed.all_gather(parts, part.contiguous())
        return torch.stack(parts)


ALONE = Processes()
"""One process that has everything."""


@contextmanager
def joined() -> Iterator[Processes]:
    """Joins the group that torchrun prepared (NCCL on CUDA, gloo on the CPU); alone without it."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield ALONE
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        distributed.init_process_group("nccl")
    else:
        distributed.init_process_group("gloo")
    try:
        yield Processes.here()
    finally:
        distributed.destroy_process_group()
