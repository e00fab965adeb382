"""What all objectives have in common: examples, batches of observed pairs, and scoring."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from recsys.data.audit import Derived
from recsys.errors import InputError
from recsys.training.losses import unit
from recsys.training.propagation import Pair
from recsys.training.sampling.positives import Positives

_FALLBACK = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Observed pairs that one step learns from.

    Attributes:
        customers: [B] int64 row numbers.
        rows: [N] int64 positions in `customers`, in ascending order.
        products: [N] int64 row numbers, the products of those customers.
    """

    customers: Tensor
    rows: Tensor
    products: Tensor

    def of(self, own: slice) -> "Batch":
        """The part of consecutive customers, rows counted from its first."""
        low, high = torch.searchsorted(
            self.rows, torch.tensor([own.start, own.stop], device=self.rows.device)
        ).tolist()
        return Batch(
            customers=self.customers[own],
            rows=self.rows[low:high] - own.start,
            products=self.products[low:high],
        )


class Objective(ABC):
    """A loss with its settings; `prepare` binds it to the events.

    Attributes:
        cosine: whether scores are inner products of unit vectors.
        norm: exponent of the length of products' vectors that is put back into such scores.
        examples: what one epoch goes through, numbered from 0.
        settings: its arguments by name, plain.
        derived: what was taken from the events, for the leakage audit.
    """

    cosine: ClassVar[bool]
    norm: float = 0.0
    settings: Mapping[str, float | bool]
    examples: int
    derived: Derived

    def prepare(self, positives: Positives, device: torch.device) -> None:
        """Learns who has what, before the first batch.

        Raises:
            InputError: there is no positive, or nothing to set against them.
        """
        if not positives.pairs.nnz:
            raise InputError(
                "fit: there is no event with a product to learn from; check model.actions and the "
                "interactions before the cut-off"
            )
        self._starts = torch.from_numpy(positives.pairs.indptr).to(device, torch.int64)
        self._products = torch.from_numpy(positives.pairs.indices).to(device, torch.int64)
        counts = positives.customers_of
        self._popular = torch.from_numpy(counts / counts.max()).to(device, torch.float32)
        self.examples = self._count_examples()
        self.derived = Derived()

    @abstractmethod
    def _count_examples(self) -> int: ...

    @abstractmethod
    def batch(self, examples: Tensor) -> Batch:
        """The pairs of examples [B] int64."""

    @abstractmethod
    def loss(
        self,
        customers: Tensor,
        products: Tensor,
        batch: Batch,
        own: slice,
        generator: torch.Generator,
    ) -> Tensor:
        """Mean over the pairs of the batch's own customers; the others are only set against them.

        Args:
            customers: [C, d].
            products: [P, d].
            batch: of all processes together.
            own: which customers of the batch this process learns from.
            generator: in the same state in all processes.
        """

    def scored(self, customers: Tensor, products: Tensor) -> Pair:
        """[C, d + 1] and [P, d + 1], whose inner products are the scores.

        By cosine a product's score is that of its unit vector, times its length to the power
        `norm`, where the mean length is 1. The last column is `bias`: it is all that customers
        with a zero vector are ranked by.
        """
        if self.cosine:
            lengths = torch.linalg.vector_norm(products, dim=1, keepdim=True)
            share = lengths / lengths.mean().clamp(min=torch.finfo(lengths.dtype).tiny)
            customers, products = unit(customers), unit(products) * share**self.norm
        ones = customers.new_ones(len(customers), 1)
        return (
            torch.cat([customers, ones], dim=1),
            torch.cat([products, self.bias[:, None]], dim=1),
        )

    @property
    def bias(self) -> Tensor:
        """[P] added to everybody's scores: popularity, too small to change an opinion."""
        return _FALLBACK * self._popular


def require(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Raises `InputError` unless low <= value <= high; infinity itself is never inside."""
    if not (low <= value <= high and math.isfinite(value)):
        upper = "" if math.isinf(high) else f" and at most {high:g}"
        raise InputError(
            f"model.objective.{name}: expected a finite number of at least {low:g}{upper}, got "
            f"{value}"
        )


def require_temperature(value: float) -> None:
    """Raises `InputError` unless it is finite and above 0."""
    if not (value > 0 and math.isfinite(value)):
        raise InputError(
            f"model.objective.temperature: expected a finite number above 0, got {value}"
        )


def active(starts: Tensor) -> Tensor:
    """[n] int64 row numbers of the customers who have anything; starts are [C + 1]."""
    return starts.diff().nonzero()[:, 0]


def log_popularity(positives: Positives, device: torch.device) -> Tensor:
    """[P] float32 log(1 + number of customers who have the product)."""
    return torch.from_numpy(np.log1p(positives.customers_of).astype(np.float32)).to(device)
