"""Hard negatives: those of a pool of candidates that the model scores highest."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from recsys.data.audit import Derived
from recsys.errors import InputError
from recsys.training.sampling.negatives import Negatives, NegativeSampler

ScorePairs: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Row numbers of customers [B] and of products [B, m], both int64 -> scores [B, m]."""


class Hard:
    """Dynamic negative sampling: draws a pool for each customer and keeps the highest scores.

    Zhang, Chen, Wang and Yu, Optimizing Top-N Collaborative Filtering via Dynamic Negative Item
    Sampling (2013), who keep the single best. The probability of a draw is not known, so no
    correction is reported. A pool drawn with replacement may hold, and return, a product twice.

    Args:
        sampler: draws the pool.
        pool: candidates a customer; 1 leaves the sampler unchanged.
        score: of the current model; called without gradient at every draw.

    Raises:
        InputError: the pool is below 1.
    """

    def __init__(self, sampler: NegativeSampler, *, pool: int, score: ScorePairs) -> None:
        if pool < 1:
            raise InputError(f"pool: expected a number of candidates >= 1, got {pool}")
        self._sampler, self._pool, self._score = sampler, pool, score

    def draw(self, customers: Tensor, count: int, generator: torch.Generator) -> Negatives:
        """As `NegativeSampler.draw`, the highest score first; `InputError` where count > pool."""
        if not 1 <= count <= self._pool:
            raise InputError(
                f"negatives: expected a number from 1 to the pool of {self._pool} "
                f"candidates, got {count}; raise pool"
            )
        candidates = self._sampler.draw(customers, self._pool, generator).products
        with torch.no_grad():
            best = self._score(customers, candidates).topk(count, dim=1).indices
        return Negatives(products=candidates.gather(1, best), log_q=None)

    @property
    def derived(self) -> Derived:
        """As `NegativeSampler.derived`."""
        return self._sampler.derived
