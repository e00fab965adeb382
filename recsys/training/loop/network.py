"""What the fit loop trains."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from recsys.training.processes import Processes


class Network(nn.Module, ABC):
    """Parameters on a device, and their loss on a batch.

    Attributes:
        examples: how many an epoch goes through, numbered from 0.
    """

    examples: int

    @abstractmethod
    def forward(self, examples: Tensor, processes: Processes, generator: torch.Generator) -> Tensor:
        """The part of this process in the loss, so that the mean over processes is the loss.

        Args:
            examples: [B] int64, those of all processes together.
            processes: whose share of them is learnt from.
            generator: of all randomness of the step; in the same state in all processes.
        """
