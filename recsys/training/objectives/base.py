"""What all objectives have in common: examples, batches of observed pairs, and scoring."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from recsys.data.audit import Derived
from recsys.errors import InputError
from recsys.training.losses import unit
from recsys.training.propagation import Pair
from recsys.training.sampling.positives import Positives
from recsys.training.shards import Table

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

    def of(self, share: slice) -> "Batch":
        """The pairs of consecutive customers, with `rows` counted from the first of them."""
        low, high = torch.searchsorted(
            self.rows, torch.tensor([share.start, share.stop], device=self.rows.device)
        ).tolist()
        return Batch(
            customers=self.customers[share],
            rows=self.rows[low:high] - share.start,
            products=self.products[low:high],
        )


class Objective(ABC):
    """A loss with its settings; `prepare` binds it to the events.

    Attributes:
        cosine: whether scores are inner products of unit vectors.
        norm: exponent of the length of products' vectors by which such scores are multiplied.
        examples: number of examples in an epoch; they are numbered from 0.
        settings: argument -> plain value.
        derived: what was taken from the events, for the leakage audit.
    """

    cosine: ClassVar[bool]
    norm: float = 0.0
    settings: Mapping[str, float | bool]
    examples: int
    derived: Derived

    def prepare(self, positives: Positives, device: torch.device) -> None:
        """Takes the positives, before the first batch.

        Args:
            positives: which customer has which product.
            device: where batches and losses are computed.

        Raises:
            InputError: there is no positive, or no product that could be a negative.
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
        customers: Table,
        products: Table,
        batch: Batch,
        share: slice,
        generator: torch.Generator,
    ) -> Tensor:
        """Mean loss over the pairs of a share of the batch, a scalar.

        Args:
            customers: [C, d] vectors of all customers; their rows may lie in several processes.
            products: [P, d] vectors of all products; as above.
            batch: of all processes together; pairs outside the share only serve as negatives.
            share: which customers of the batch this process learns from.
            generator: of the draws; in the same state in all processes.
        """

    def scored(self, customers: Tensor, products: Tensor) -> Pair:
        """[C, d + 1] and [P, d + 1] vectors whose inner products are the scores.

        By cosine a product's score is that of its unit vector, times its length to the power
        `norm`, where the mean length is 1. The last column is `bias`, which alone ranks products
        for customers with a zero vector.
        """
        if self.cosine:
            lengths = torch.linalg.vector_norm(products, dim=1, keepdim=True)
            relative = lengths / lengths.mean().clamp(min=torch.finfo(lengths.dtype).tiny)
            customers, products = unit(customers), unit(products) * relative**self.norm
        ones = customers.new_ones(len(customers), 1)
        return (
            torch.cat([customers, ones], dim=1),
            torch.cat([products, self.bias[:, None].to(products.device)], dim=1),
        )

    @property
    def bias(self) -> Tensor:
        """[P] added to all scores: popularity, small enough to break only near ties."""
        return _FALLBACK * self._popular


class PairsObjective(Objective):
    """Base of objectives whose examples are pairs."""

    def _count_examples(self) -> int:
        self._owners = torch.repeat_interleave(
            torch.arange(len(self._starts) - 1, device=self._starts.device), self._starts.diff()
        )
        self._entries = self._usable().nonzero()[:, 0]
        if not len(self._entries):
            raise InputError(
                "fit: every customer has every product, so no product can be a negative; train "
                "with objective WholeData or Softmax"
            )
        return len(self._entries)

    def _usable(self) -> Tensor:
        """[E] bool, pairs of customers for whom a negative can be drawn."""
        return torch.ones_like(self._owners, dtype=torch.bool)

    def batch(self, examples: Tensor) -> Batch:
        """As `Objective`."""
        entries = self._entries[examples]
        return Batch(
            customers=self._owners[entries],
            rows=torch.arange(len(entries), device=entries.device),
            products=self._products[entries],
        )

    def _pair_vectors(
        self, customers: Table, products: Table, batch: Batch
    ) -> tuple[Tensor, Tensor]:
        left, right = customers[batch.customers], products[batch.products]
        return (unit(left), unit(right)) if self.cosine else (left, right)


def require(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Raises `InputError` unless low <= value <= high and the value is finite."""
    if not (low <= value <= high and math.isfinite(value)):
        upper = "" if math.isinf(high) else f" and at most {high:g}"
        raise InputError(
            f"model.objective.{name}: expected a finite number of at least {low:g}{upper}, got "
            f"{value}"
        )


def require_temperature(value: float, name: str = "temperature") -> None:
    """Raises `InputError` unless it is finite and above 0."""
    if not (value > 0 and math.isfinite(value)):
        raise InputError(f"model.objective.{name}: expected a finite number above 0, got {value}")
