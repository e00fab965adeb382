"""Questions with a context: what does a customer take here, and where does a customer take this."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recsys.arrays import FloatArray, IntArray
from recsys.training.row_ranges import entries_of


@dataclass(frozen=True, kw_only=True, eq=False)
class ContextTargetsBatch:
    """The questions of some customers, with all their answers.

    Attributes:
        customers: [Q] int64 row numbers.
        contexts: [Q] int64 row numbers, -1 for no context.
        rows: [N] int64 positions of questions, in ascending order.
        answers: [N] int64 row numbers.
        weights: [N] of the answers.
    """

    customers: Tensor
    contexts: Tensor
    rows: Tensor
    answers: Tensor
    weights: Tensor


class ContextTargets:
    """Answers by customer and context, each once with the sum of its events' weights.

    Args:
        customers: [E] int64 row number of each event.
        contexts: [E] int64, -1 for no context.
        answers: [E] int64.
        weights: [E] float, at least 0.
        size: number of customers.
        device: of the batches.
    """

    def __init__(
        self,
        customers: IntArray,
        contexts: IntArray,
        answers: IntArray,
        weights: FloatArray,
        size: int,
        device: torch.device,
    ) -> None:
        order = np.lexsort((answers, contexts, customers))
        keys = np.stack([customers, contexts, answers])[:, order]
        first = np.ones(len(order), bool)
        first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        owner, context, answer = keys[:, first]
        summed = np.bincount(np.cumsum(first) - 1, weights[order], minlength=len(owner))
        starts = np.searchsorted(owner, np.arange(size + 1))
        self._starts, self._contexts, self._answers = (
            torch.from_numpy(array).to(device, torch.int64) for array in (starts, context, answer)
        )
        self._weights = torch.from_numpy(summed.astype(np.float32)).to(device)

    def batch(self, customers: Tensor) -> ContextTargetsBatch:
        """All that these customers [B] int64, each once, were asked."""
        owner, entry = entries_of(self._starts, customers)
        asked = torch.stack([customers[owner], self._contexts[entry]], dim=1)
        questions, rows = torch.unique_consecutive(asked, dim=0, return_inverse=True)
        return ContextTargetsBatch(
            customers=questions[:, 0],
            contexts=questions[:, 1],
            rows=rows,
            answers=self._answers[entry],
            weights=self._weights[entry],
        )
