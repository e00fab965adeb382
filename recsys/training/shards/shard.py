"""Which rows of a table a process holds, and how the processes exchange them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from recsys.training.processes import ALONE, Processes

_DRAWN_AT_ONCE = 4096
_LEAST_DRAWN = 16
"""Normal numbers are made 16 at a time, so that blocks of a multiple of 16 continue each other."""


@dataclass(frozen=True)
class Shard:
    """The rows of a table that this process holds: a consecutive share; all where it is alone.

    Attributes:
        size: rows of the whole table.
        processes: that hold a part each.
    """

    size: int
    processes: Processes = ALONE

    @property
    def own(self) -> slice:
        """The rows of this process."""
        return self.processes.share(self.size)

    @property
    def largest(self) -> int:
        """Rows of the largest part."""
        return -(-self.size // self.processes.count)

    @property
    def parts(self) -> list[slice]:
        """The rows of each process, by rank."""
        count = self.processes.count
        return [Processes(rank, count).share(self.size) for rank in range(count)]

    def blocks(self, own: Tensor) -> Iterator[Tensor]:
        """The rows of each process, one after the other by rank, in all of them.

        A process holds one block beside its own part. All processes have to take all blocks.

        Args:
            own: [rows of this process, ...].
        """
        if self.processes.count == 1:
            yield own
            return
        for rank, rows in enumerate(self.parts):
            if rank == self.processes.rank:
                block = own.detach().contiguous()
            else:
                block = own.new_empty(rows.stop - rows.start, *own.shape[1:])
            if block.numel():
                distributed.broadcast(block, src=rank)
            yield block

    def gathered(self, own: Tensor) -> Tensor:
        """The whole table: as it is where this process is alone, else in the first one's memory.

        Returns:
            [size, ...], on the CPU if there are several processes; no rows in all but the first.
        """
        if self.processes.count == 1:
            return own
        rows = self.size if self.processes.first else 0
        whole = torch.empty(rows, *own.shape[1:], dtype=own.dtype)
        for part, block in zip(self.parts, self.blocks(own), strict=True):
            if self.processes.first:
                whole[part] = block
        return whole

    def drawn(self, draw: Callable[[int], Tensor]) -> Tensor:
        """This process's rows of one draw of the whole table, which no process holds.

        On the CPU they are those of `draw(size)`, bit for bit, for any number of processes.

        Args:
            draw: a number of rows -> random rows; successive calls continue one stream.
        """
        if self.processes.count == 1:
            return draw(self.size)
        own, start = self.own, 0
        kept: list[Tensor] = []
        while start < self.size or not kept:
            end = min(start + _DRAWN_AT_ONCE, self.size)
            if self.size - end < _LEAST_DRAWN:
                end = self.size
            block = draw(end - start)
            inside = slice(max(own.start - start, 0), max(min(own.stop, end) - start, 0))
            kept.append(block[inside].clone())
            start = end
        return torch.cat(kept)
