"""Whether the vectors are sharded: where they would exceed the memory of a device."""

import os
from typing import Literal

import torch

from recsys.ops.memory import machine_bytes
from recsys.training.processes import Processes

TABLES = 8
"""Tables of a fit: vectors, gradient, Adam's two moments, best epoch, and three in propagation."""

_SHARE = 0.5
"""Of the memory of a device: the rest is for the graph, batches and all else."""


def is_sharded(
    wanted: bool | Literal["auto"], rows: int, dim: int, device: torch.device, processes: Processes
) -> bool:
    """Whether each process holds a part of the vectors.

    With "auto" they are sharded where `bytes_of_fit` exceeds half the memory of a device: of the
    GPU, or of a process's share of the machine. The first process decides for all.

    Args:
        wanted: the setting.
        rows: customers and products together.
        dim: length of their vectors.
        device: of this process.
        processes: that train together; one alone has nothing to shard.
    """
    if processes.count == 1 or wanted != "auto":
        return processes.count > 1 and bool(wanted)
    exceeds = bytes_of_fit(rows, dim) > _SHARE * _memory(device)
    return bool(processes.told_by_first(exceeds))


def bytes_of_fit(rows: int, dim: int) -> int:
    """Bytes of the float32 tables of a fit in one process: 8 x rows x dim x 4."""
    return TABLES * rows * dim * 4


def _memory(device: torch.device) -> int:
    """Bytes of the device; on the CPU those of the machine, shared by its processes."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return machine_bytes() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
