"""Where a fit stands, all that a resumed one has to know beside weights and optimiser."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(kw_only=True, eq=False)
class State:
    """Counted in examples rather than steps, so that the size of a batch may change on the way.

    Attributes:
        seed: of the fit.
        batch_size: of the steps to come.
        epoch: epochs finished.
        done: examples of the current epoch that have been learnt from.
        step: steps taken.
        summed: loss of the current epoch so far, summed over its examples.
        losses: mean loss by epoch, from 1.
        curve: quality on valid by epoch.
        stopped: by early stop.
    """

    seed: int
    batch_size: int
    epoch: int = 0
    done: int = 0
    step: int = 0
    summed: float = 0.0
    losses: dict[int, float] = field(default_factory=dict)
    curve: dict[int, float] = field(default_factory=dict)
    stopped: bool = False

    def plain(self) -> dict[str, Any]:
        """For a checkpoint."""
        return asdict(self)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the best quality; None without any."""
        return max(self.curve, key=lambda epoch: self.curve[epoch]) if self.curve else None

    def validations_since_best(self) -> int:
        """How many brought nothing better."""
        return sum(epoch > (self.best_epoch or 0) for epoch in self.curve)

    def order(self, examples: int, device: torch.device) -> Tensor:
        """[examples] int64, the order of the current epoch: a function of seed and epoch."""
        generator = torch.Generator().manual_seed(self._mixed(0))
        return torch.randperm(examples, generator=generator).to(device)

    def generator(self, device: torch.device) -> torch.Generator:
        """Of the next step, a function of seed, epoch and position: none has to be kept."""
        return torch.Generator(device).manual_seed(self._mixed(1))

    def _mixed(self, purpose: int) -> int:
        position = self.done if purpose else 0
        sequence = np.random.SeedSequence([self.seed, purpose, self.epoch, position])
        return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))
