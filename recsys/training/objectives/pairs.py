"""Objectives whose examples are pairs of a customer and a product, each with some negatives."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from recsys.training.losses import (
    bpr,
    cosine_contrastive,
    pair_scores,
    sampled_softmax,
    unit,
)
from recsys.training.objectives.base import Batch, PairsObjective, require, require_temperature
from recsys.training.sampling import (
    Hard,
    Negatives,
    WeightedSampler,
    by_popularity,
    uniform,
)
from recsys.training.sampling.positives import Positives
from recsys.training.shards import Table


class _Sampled(PairsObjective):
    """Draws `negatives` products a pair, in proportion to popularity^power (0: uniformly)."""

    def __init__(self, *, negatives: int, power: float, pool: int) -> None:
        require("negatives", negatives, 1)
        require("pool", pool, negatives)
        require("power", power, 0, 4)
        self.negatives, self.power, self.pool = negatives, power, pool
        self.settings = {"negatives": negatives, "power": power, "pool": pool}

    def prepare(self, positives: Positives, device: torch.device) -> None:
        """As `Objective`."""
        self._sampler: WeightedSampler = (
            by_popularity(positives, power=self.power, device=device)
            if self.power and positives.pairs.nnz
            else uniform(positives, device=device)
        )
        super().prepare(positives, device)
        self.derived = self._sampler.derived

    def _usable(self) -> Tensor:
        return ~self._sampler.exhausted[self._owners]

    def _draw(
        self, customers: Table, products: Table, batch: Batch, generator: torch.Generator
    ) -> Negatives:
        if self.pool == self.negatives:
            return self._sampler.draw(batch.customers, self.negatives, generator)

        def score(rows: Tensor, columns: Tensor) -> Tensor:
            left, right = customers[rows], products[columns]
            return pair_scores(unit(left), unit(right)) if self.cosine else pair_scores(left, right)

        return Hard(self._sampler, pool=self.pool, score=score).draw(
            batch.customers, self.negatives, generator
        )

    def loss(
        self,
        customers: Table,
        products: Table,
        batch: Batch,
        share: slice,
        generator: torch.Generator,
    ) -> Tensor:
        """As `Objective`."""
        # Drawn for the whole batch, so that the number of processes changes no draw.
        drawn = self._draw(customers, products, batch, generator)
        left, right = self._pair_vectors(customers, products, batch.of(share))
        against = products[drawn.products[share]]
        log_q = None if drawn.log_q is None else drawn.log_q[share]
        positive = pair_scores(left, right)
        return self._of_scores(
            positive, pair_scores(left, unit(against) if self.cosine else against), log_q
        )

    @abstractmethod
    def _of_scores(self, positive: Tensor, negative: Tensor, log_q: Tensor | None) -> Tensor: ...


class BPR(_Sampled):
    """Bayesian personalised ranking by inner product, `recsys.training.losses.bpr`.

    Args:
        negatives: number drawn for each pair.
        power: of the popularity in proportion to which they are drawn; 0 is the paper's uniform
            draw.
        pool: candidates for each pair, of which the `negatives` with the highest scores are kept;
            None for as many as negatives.
    """

    cosine: ClassVar[bool] = False

    def __init__(self, *, negatives: int = 1, power: float = 0.0, pool: int | None = None) -> None:
        super().__init__(negatives=negatives, power=power, pool=negatives if pool is None else pool)

    def _of_scores(self, positive: Tensor, negative: Tensor, log_q: Tensor | None) -> Tensor:
        return bpr(positive, negative)


class CosineContrastive(_Sampled):
    """The cosine contrastive loss of SimpleX, `losses.cosine_contrastive`.

    Args:
        margin: cosine below which a negative has no gradient.
        negative_weight: of all negatives of a pair together.
        negatives, power, pool: as for `BPR`.
    """

    cosine: ClassVar[bool] = True

    def __init__(
        self,
        *,
        margin: float = 0.9,
        negative_weight: float = 150.0,
        negatives: int = 64,
        power: float = 0.0,
        pool: int | None = None,
    ) -> None:
        super().__init__(negatives=negatives, power=power, pool=negatives if pool is None else pool)
        require("margin", margin, -1, 1)
        require("negative_weight", negative_weight, 0)
        self.margin, self.negative_weight = margin, negative_weight
        self.settings = {**self.settings, "margin": margin, "negative_weight": negative_weight}

    def _of_scores(self, positive: Tensor, negative: Tensor, log_q: Tensor | None) -> Tensor:
        return cosine_contrastive(
            positive, negative, margin=self.margin, negative_weight=self.negative_weight
        )


class SampledSoftmax(_Sampled):
    """Softmax of cosines over drawn products, `losses.sampled_softmax`.

    Args:
        temperature: of the cosines.
        corrected: whether scores are corrected for the probability of a draw.
        negatives, power: as for `BPR`.
    """

    cosine: ClassVar[bool] = True

    def __init__(
        self,
        *,
        temperature: float = 0.1,
        corrected: bool = True,
        negatives: int = 64,
        power: float = 0.5,
    ) -> None:
        require_temperature(temperature)
        super().__init__(negatives=negatives, power=power, pool=negatives)
        self.temperature, self.corrected = temperature, corrected
        self.settings = {**self.settings, "temperature": temperature, "corrected": corrected}

    def _of_scores(self, positive: Tensor, negative: Tensor, log_q: Tensor | None) -> Tensor:
        return sampled_softmax(
            positive,
            negative,
            temperature=self.temperature,
            log_q=log_q if self.corrected else None,
        )
