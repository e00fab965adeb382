"""What the fit loop trains, and how far a fit has come."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recsys.training.processes import ALONE, Processes


class Network(nn.Module, ABC):
    """Parameters on a device, and their loss on a batch.

    Attributes:
        examples: number of examples in an epoch; they are numbered from 0.
        holders: processes that hold a part of the vectors each; alone, a process holds all.
        sharded: names of the parameters of which each holder has some rows.
    """

    examples: int
    holders: Processes = ALONE
    sharded: frozenset[str] = frozenset()

    @abstractmethod
    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        """This process's part of the loss, a scalar; the mean over processes is the loss.

        Args:
            examples: [B] int64, those of all processes together.
            processes: this process takes its share of the examples. Where the vectors are sharded
                it is alone: every process computes the same loss of all examples.
            generator: of all randomness of the step; in the same state in all processes.
        """


@dataclass(kw_only=True, eq=False)
class State:
    """How far a fit has come: all that a resumed one needs beside weights and optimiser.

    It is counted in examples, not in steps, so that the batch size may change.

    Attributes:
        seed: of the fit.
        batch_size: of the next steps.
        epoch: number of finished epochs.
        done: number of examples of the current epoch that have been trained on.
        step: number of steps.
        summed: loss of the current epoch so far, summed over its examples.
        losses: epoch, from 1 -> mean loss.
        curve: epoch -> quality on valid.
        stopped: whether it stopped early.
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
        """As plain values, for a checkpoint."""
        return asdict(self)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the best quality; None before the first validation."""
        return max(self.curve, key=lambda epoch: self.curve[epoch]) if self.curve else None

    def validations_since_best(self) -> int:
        """Number of validations after the best."""
        return sum(epoch > (self.best_epoch or 0) for epoch in self.curve)

    def order(self, examples: int, device: torch.device) -> Tensor:
        """[examples] int64, the order of the current epoch, which depends on seed and epoch."""
        generator = torch.Generator().manual_seed(self._mixed(0))
        return torch.randperm(examples, generator=generator).to(device)

    def generator(self, device: torch.device) -> torch.Generator:
        """Of the next step; it depends on seed, epoch and position, so none has to be stored."""
        return torch.Generator(device).manual_seed(self._mixed(1))

    def _mixed(self, purpose: int) -> int:
        position = self.done if purpose else 0
        sequence = np.random.SeedSequence([self.seed, purpose, self.epoch, position])
        return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))
