"""Targets by customer and context: what is taken at a touchpoint, or where a product is taken."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recsys.arrays import FloatArray, IntArray
from recsys.training.bipartite_graph import entries_of


@dataclass(frozen=True, kw_only=True, eq=False)
class ContextTargetsBatch:
    """The queries of some customers, each a customer and a context, with all their targets.

    Attributes:
        customers: [Q] int64 row numbers.
        contexts: [Q] int64 row numbers, -1 for no context.
        rows: [N] int64 positions of the targets' queries, in ascending order.
        targets: [N] int64 row numbers.
        weights: [N] float32 weights of the targets.
    """

    customers: Tensor
    contexts: Tensor
    rows: Tensor
    targets: Tensor
    weights: Tensor


class ContextTargets:
    """Targets by customer and context, each once with the sum of its events' weights.

    Args:
        customers: [E] int64 row number of each event.
        contexts: [E] int64, -1 for no context.
        targets: [E] int64 row number of what each event chose.
        weights: [E] float, at least 0.
        size: number of customers.
        device: of the batches.
    """

    def __init__(
        self,
        customers: IntArray,
        contexts: IntArray,
        targets: IntArray,
        weights: FloatArray,
        size: int,
        device: torch.device,
    ) -> None:
        order = np.lexsort((targets, contexts, customers))
        keys = np.stack([customers, contexts, targets])[:, order]
        first = np.ones(len(order), bool)
        first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        owner, context, target = keys[:, first]
        summed = np.bincount(np.cumsum(first) - 1, weights[order], minlength=len(owner))
        starts = np.searchsorted(owner, np.arange(size + 1))
        self._starts, self._contexts, self._targets = (
            torch.from_numpy(array).to(device, torch.int64) for array in (starts, context, target)
        )
        self._weights = torch.from_numpy(summed.astype(np.float32)).to(device)

    def batch(self, customers: Tensor) -> ContextTargetsBatch:
        """All queries of these customers [B] int64, each of which is given once."""
        owner, entry = entries_of(self._starts, customers)
        pairs = torch.stack([customers[owner], self._contexts[entry]], dim=1)
        queries, rows = torch.unique_consecutive(pairs, dim=0, return_inverse=True)
        return ContextTargetsBatch(
            customers=queries[:, 0],
            contexts=queries[:, 1],
            rows=rows,
            targets=self._targets[entry],
            weights=self._weights[entry],
        )
