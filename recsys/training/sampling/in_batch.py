"""The products of a batch as everyone's negatives."""

from dataclasses import dataclass

import torch
from torch import Tensor

from recsys.data.audit import Derived
from recsys.training.bipartite_graph import entries_of
from recsys.training.sampling.positives import Positives
from recsys.training.sampling.weighted import by_popularity


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchNegatives:
    """What `in_batch_softmax` needs to know about a batch.

    Attributes:
        masked: [B, M] bool, products that the customer has.
        log_q: [B, M] float32 log-probability of this product among those of a batch that the
            customer does not have.
    """

    masked: Tensor
    log_q: Tensor


class InBatch:
    """Separates positives from negatives among the pairs of a batch.

    Batches are assumed to be drawn uniformly from all positive pairs, so that a product occurs in
    proportion to the number of customers who have it. Epochs of shuffled pairs draw without
    replacement, which makes no difference while a batch is a small part of them.

    Args:
        positives: what the customers have; at least one pair.
        device: where batches lie.

    Raises:
        InputError: there is no event.
    """

    def __init__(self, positives: Positives, *, device: torch.device | str) -> None:
        self._frequency = by_popularity(positives, power=1, device=device)
        self._starts = torch.from_numpy(positives.pairs.indptr).to(device, torch.int64)
        self._products = torch.from_numpy(positives.pairs.indices).to(device, torch.int64)

    def contrast(self, customers: Tensor, products: Tensor) -> BatchNegatives:
        """Looks up which products of a batch its customers have.

        Args:
            customers: [B] int64 row numbers.
            products: [M] int64 row numbers, repeated as the batch repeats them.
        """
        distinct, position = torch.unique(products, return_inverse=True)
        row, entry = entries_of(self._starts, customers)
        owned = self._products[entry]
        column = torch.searchsorted(distinct, owned).clamp(max=len(distinct) - 1)
        inside = distinct[column] == owned
        has = torch.zeros(len(customers), len(distinct), dtype=torch.bool, device=products.device)
        has[row[inside], column[inside]] = True
        return BatchNegatives(
            masked=has.gather(1, position.expand(len(customers), -1)),
            log_q=self._frequency.log_q(customers[:, None], products),
        )

    @property
    def derived(self) -> Derived:
        """As `NegativeSampler.derived`."""
        return self._frequency.derived
