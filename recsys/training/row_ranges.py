"""Rows of a compressed sparse table on a device: what belongs to some of its owners."""

import torch
from torch import Tensor


def entries_of(starts: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
    """The entries of owners, one owner's after the other's.

    Args:
        starts: [n + 1] int64, where the entries of each owner begin and end.
        owners: [B] int64 row numbers, on the same device.

    Returns:
        [N] int64 positions in `owners`, ascending, and beside them [N] int64 positions of entries.
    """
    begin = starts[owners]
    lengths = starts[owners + 1] - begin
    place = torch.arange(len(owners), device=owners.device).repeat_interleave(lengths)
    before = lengths.cumsum(0) - lengths
    return place, torch.arange(len(place), device=owners.device) + (begin - before)[place]
