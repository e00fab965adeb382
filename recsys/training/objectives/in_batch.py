"""The objective whose negatives are the other products of a batch."""

from typing import ClassVar

import torch
from torch import Tensor

from recsys.training.losses import in_batch_softmax
from recsys.training.objectives.base import Batch, PairsObjective, require_temperature
from recsys.training.sampling import InBatch
from recsys.training.sampling.positives import Positives
from recsys.training.shards import Table


class InBatchSoftmax(PairsObjective):
    """Softmax of cosines over the products of the batch, `losses.in_batch_softmax`.

    Args:
        temperature: of the cosines.
        corrected: whether scores are corrected for the frequency of a product in batches.
    """

    cosine: ClassVar[bool] = True

    def __init__(self, *, temperature: float = 0.1, corrected: bool = True) -> None:
        require_temperature(temperature)
        self.temperature, self.corrected = temperature, corrected
        self.settings = {"temperature": temperature, "corrected": corrected}

    def prepare(self, positives: Positives, device: torch.device) -> None:
        """As `Objective`."""
        super().prepare(positives, device)
        self._in_batch = InBatch(positives, device=device)
        self.derived = self._in_batch.derived

    def loss(
        self,
        customers: Table,
        products: Table,
        batch: Batch,
        share: slice,
        generator: torch.Generator,
    ) -> Tensor:
        """As `Objective.loss`; the products of all processes are negatives."""
        left, right = self._pair_vectors(customers, products, batch)
        negatives = self._in_batch.contrast(batch.customers[share], batch.products)
        return in_batch_softmax(
            left[share] @ right.T,
            torch.arange(share.start, share.stop, device=left.device),
            temperature=self.temperature,
            log_q=negatives.log_q if self.corrected else None,
            masked=negatives.masked,
        )
