"""The protocol of samplers of negatives, and what they return."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from recsys.data.audit import Derived


@dataclass(frozen=True, kw_only=True, eq=False)
class Negatives:
    """Products drawn for customers, each draw independent of the others.

    Attributes:
        products: [B, n] int64 row numbers.
        log_q: [B, n] float32 log-probability of each draw, which a corrected loss needs; None where
            it is not known.
    """

    products: Tensor
    log_q: Tensor | None


class NegativeSampler(Protocol):
    """Draws products that customers do not have, to contrast with those they have."""

    def draw(self, customers: Tensor, count: int, generator: torch.Generator) -> Negatives:
        """Draws `count` products for each of the customers.

        Args:
            customers: [B] int64 row numbers, on the device of the sampler; may repeat.
            count: n >= 1, draws a customer, with replacement.
            generator: on the same device; the same state draws the same.

        Raises:
            InputError: no product is left for a customer, or the count is below 1.
        """
        ...

    @property
    def derived(self) -> Derived:
        """What it took from which events, for the leakage audit."""
        ...
