"""Objectives whose negatives are drawn once for a batch, so that scores are one matrix product."""

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from recsys.training.losses import (
    pair_scores,
    unit,
    weighted_cosine_contrastive,
    weighted_logistic,
)
from recsys.training.objectives.base import Batch, require
from recsys.training.objectives.customers import CustomersObjective
from recsys.training.sampling import InBatch
from recsys.training.sampling.positives import Positives
from recsys.training.shards import Table


class _SharedNegatives(CustomersObjective):
    """Draws products for a batch, uniformly; those that a customer has do not count for it.

    With `negatives` as many as there are products or more, every product is taken once.
    """

    def __init__(self, *, negatives: int, negative_weight: float) -> None:
        require("negatives", negatives, 1)
        require("negative_weight", negative_weight, 0)
        self.negatives, self.negative_weight = negatives, negative_weight
        self.settings = {"negatives": negatives, "negative_weight": negative_weight}

    def prepare(self, positives: Positives, device: torch.device) -> None:
        """As `Objective`."""
        super().prepare(positives, device)
        self._owned = InBatch(positives, device=device)
        self.derived = self._owned.derived

    def loss(
        self,
        customers: Table,
        products: Table,
        batch: Batch,
        share: slice,
        generator: torch.Generator,
    ) -> Tensor:
        """As `Objective.loss`."""
        # Drawn for the whole batch, so that the number of processes changes no draw.
        drawn = self._drawn(generator)
        part = batch.of(share)
        left, right, against = customers[part.customers], products[part.products], products[drawn]
        if self.cosine:
            left, right, against = unit(left), unit(right), unit(against)
        positive = pair_scores(left[part.rows], right)
        return self._of_scores(positive, left @ against.T, self._weights(part, drawn), part, drawn)

    @abstractmethod
    def _of_scores(
        self, positive: Tensor, negative: Tensor, weights: Tensor, part: Batch, drawn: Tensor
    ) -> Tensor:
        """The loss of scores [N] and [B, n], whose negatives have weights [B, n]."""

    def _drawn(self, generator: torch.Generator) -> Tensor:
        """[n] int64 products that are negatives to the whole batch."""
        count, device = len(self._popular), self._popular.device
        if self.negatives >= count:
            return torch.arange(count, device=device)
        return torch.randint(count, (self.negatives,), generator=generator, device=device)

    def _weights(self, part: Batch, drawn: Tensor) -> Tensor:
        """[B, n] weights, for all observed pairs of a customer together; 0 for what it has."""
        counts = ~self._owned.contrast(part.customers, drawn).masked
        pairs = part.rows.bincount(minlength=len(part.customers))[:, None]
        share = self.negative_weight * pairs / counts.sum(dim=1, keepdim=True).clamp(min=1)
        return share * counts


class Logistic(_SharedNegatives):
    """Weighted cross-entropy of inner products, `recsys.training.losses.weighted_logistic`.

    The user-item part of UltraGCN (see `recsys.models.ultragcn`): a pair of customer c and product
    p counts `plain_weight + degree_weight x b_cp`, with

        b_cp = 1 / d_c x sqrt((d_c + 1) / (d_p + 1))

    for the number d_c of products of the customer and d_p of customers of the product. Deviates
    from the paper: negatives are drawn for the batch, not for each pair; and scores are lowered by
    log(1 + negative_weight), the odds of a negative, which vectors had to learn first otherwise.
    No ranking depends on it.

    Args:
        negatives: products drawn for a batch.
        negative_weight: of the negatives of a pair together, relative to the pair.
        plain_weight: weight of all pairs alike (w1 and w3 in the authors' code).
        degree_weight: weight of b_cp (w2 and w4).
    """

    cosine: ClassVar[bool] = False

    def __init__(
        self,
        *,
        negatives: int = 2048,
        negative_weight: float = 300.0,
        plain_weight: float = 0.0,
        degree_weight: float = 1.0,
    ) -> None:
        super().__init__(negatives=negatives, negative_weight=negative_weight)
        require("plain_weight", plain_weight, 0)
        require("degree_weight", degree_weight, 0)
        self.plain_weight, self.degree_weight = plain_weight, degree_weight
        of_pairs = {"plain_weight": plain_weight, "degree_weight": degree_weight}
        self.settings = {**self.settings, **of_pairs}
        self._shift = math.log1p(negative_weight)

    def prepare(self, positives: Positives, device: torch.device) -> None:
        """As `Objective`."""
        super().prepare(positives, device)
        customers = self._starts.diff().float()
        products = torch.from_numpy(positives.customers_of).to(device, torch.float32)
        self._of_customers = (customers + 1).sqrt() / customers.clamp(min=1)
        self._of_products = (products + 1).rsqrt()

    def _of_scores(
        self, positive: Tensor, negative: Tensor, weights: Tensor, part: Batch, drawn: Tensor
    ) -> Tensor:
        return weighted_logistic(
            positive - self._shift,
            negative - self._shift,
            positive_weights=self._of_pairs(part.customers[part.rows], part.products),
            negative_weights=weights * self._of_pairs(part.customers[:, None], drawn),
        )

    def _of_pairs(self, customers: Tensor, products: Tensor) -> Tensor:
        """Weights of pairs, of the shape that the two broadcast to."""
        by_degrees = self._of_customers[customers] * self._of_products[products]
        return self.plain_weight + self.degree_weight * by_degrees


class SharedCosineContrastive(_SharedNegatives):
    """The loss of `CosineContrastive`, with negatives drawn for a batch: the same, much faster.

    Args:
        margin: cosine below which a negative has no gradient.
        negative_weight: of all negatives of a pair together.
        negatives: products drawn for a batch.
    """

    cosine: ClassVar[bool] = True

    def __init__(
        self, *, margin: float = 0.9, negative_weight: float = 150.0, negatives: int = 2048
    ) -> None:
        super().__init__(negatives=negatives, negative_weight=negative_weight)
        require("margin", margin, -1, 1)
        self.margin = margin
        self.settings = {**self.settings, "margin": margin}

    def _of_scores(
        self, positive: Tensor, negative: Tensor, weights: Tensor, part: Batch, drawn: Tensor
    ) -> Tensor:
        return weighted_cosine_contrastive(
            positive, negative, margin=self.margin, negative_weights=weights
        )
