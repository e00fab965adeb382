"""The processes that train one model together, started by torchrun."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed


@dataclass(frozen=True)
class Processes:
    """Which of how many this process is.

    Attributes:
        rank: from 0.
        count: of processes.
    """

    rank: int = 0
    count: int = 1

    @classmethod
    def here(cls) -> "Processes":
        """Of the group that was joined, or this process alone."""
        if not (distributed.is_available() and distributed.is_initialized()):
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def first(self) -> bool:
        """Whether this is the one that validates, writes and speaks."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Consecutive positions out of `count` that are this process's own."""
        return slice(self.rank * count // self.count, (self.rank + 1) * count // self.count)

    def told_by_first(self, value: Any) -> Any:
        """What the first process says, in all of them; a plain value."""
        if self.count == 1:
            return value
        said = [value]
        distributed.broadcast_object_list(said, src=0)
        return said[0]


@contextmanager
def joined() -> Iterator[Processes]:
    """Joins the group that torchrun prepared (NCCL on CUDA, gloo on the CPU); alone without it."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes()
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
