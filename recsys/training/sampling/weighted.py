"""Negatives in proportion to a weight of each product: equal, or a power of its popularity.

Products that a customer has are left out exactly and in one pass, without rejection. The weights
are whole numbers: laid end to end they are a line of W units, and a product owns as many of them as
its weight. For a customer whose products own H units, a number u below W - H is drawn: the u-th of
the units of all other products. As many units as the customer's products own before that one are
added to u, and the owner of the resulting unit is the negative. Nothing is rounded: the negative is
never a positive, the cost does not depend on how many products a customer has, and the probability
of a product is exactly its weight / (W - H).
"""

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from recsys.arrays import FloatArray, IntArray
from recsys.data.audit import Derived, ProductCounts
from recsys.errors import InputError
from recsys.training.sampling.negatives import Negatives
from recsys.training.sampling.positives import Positives

# A float64 random number below 1 times a whole number up to 2^50 stays below that number.
_MOST_UNITS = 2**50
_MOST_KEYS = 2**61


def uniform(
    positives: Positives, *, device: torch.device | str, allow_positives: bool = False
) -> "WeightedSampler":
    """A sampler of all products that a customer does not have, with equal probabilities.

    Args:
        positives: what the customers have.
        device: where draws are made.
        allow_positives: draw any product, including those the customer has.

    Raises:
        InputError: there is no product.
    """
    units = np.ones(positives.pairs.shape[1], np.int64)
    derived = Derived(negatives=np.zeros(0, np.int64) if allow_positives else positives.when)
    return WeightedSampler(units, _avoided(positives, allow_positives), derived, device)


def by_popularity(
    positives: Positives,
    *,
    power: float,
    device: torch.device | str,
    allow_positives: bool = False,
) -> "WeightedSampler":
    """A sampler of products in proportion to (number of customers who have it)^power.

    Mikolov, Sutskever, Chen, Corrado and Dean, Distributed Representations of Words and Phrases and
    their Compositionality (2013), where 3/4 was best. A product that nobody has is never drawn.

    Args:
        positives: what the customers have, and what popularity is counted from.
        power: in [0, 4]; 1 draws a product as often as it occurs among the positives; 0 is uniform
            over the products that somebody has.
        device: where draws are made.
        allow_positives: draw any product, including those the customer has.

    Raises:
        InputError: the power is out of range, or there is no event.
    """
    if not 0 <= power <= 4:
        raise InputError(f"power: expected a number in [0, 4], got {power}")
    counts = positives.customers_of
    if not counts.any():
        raise InputError(
            "negatives by popularity: no event has a product, so none is popular; draw uniformly"
        )
    weights = np.where(counts > 0, counts.astype(np.float64) ** power, 0)
    derived = Derived(
        popularity=ProductCounts(counts=counts, actions=positives.actions),
        negatives=positives.when,
    )
    units = _units(weights / weights.sum(), positives.pairs.shape[0])
    return WeightedSampler(units, _avoided(positives, allow_positives), derived, device)


class WeightedSampler:
    """Draws products in proportion to their units, as the module describes.

    `uniform` and `by_popularity` make one.

    Args:
        units: [P] int64 >= 0, how likely each product is; at most 2^50 together, and at most 2^61
            together times the number of customers.
        avoided: [C, P] CSR with sorted indices; its pairs are never drawn.
        derived: from which events units and pairs come.
        device: where draws are made.

    Attributes:
        exhausted: [C] bool on the device, customers for whom no product is left; leave their pairs
            out of batches that negatives are drawn for.
    """

    def __init__(
        self, units: IntArray, avoided: csr_array, derived: Derived, device: torch.device | str
    ) -> None:
        self._total = int(units.sum())
        if not self._total:
            raise InputError("negatives: there is no product to draw; check the products table")
        self.derived = derived
        before = np.cumsum(units) - units
        owned = units[avoided.indices]
        owned_before = np.concatenate([[0], np.cumsum(owned)])
        of_row = owned_before[avoided.indptr]
        lengths = np.diff(avoided.indptr)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        # A customer's product starts after as many units of others as lie before it.
        others_before = before[avoided.indices] - (owned_before[:-1] - of_row[rows])
        left = self._total - np.diff(of_row)
        tensors = (before + units, rows * (self._total + 1) + others_before, owned_before, of_row)
        moved = (torch.from_numpy(array).to(device) for array in (*tensors, left))
        self._ends, self._keys, self._owned_before, self._of_row, self._left = moved
        self._log_share = _log(units / self._total, device)
        self._log_left = _log(left / self._total, device)
        self.exhausted = self._left == 0
        self._any_exhausted = bool((left == 0).any())

    def draw(self, customers: Tensor, count: int, generator: torch.Generator) -> Negatives:
        """As `NegativeSampler.draw`; draws of one customer may repeat."""
        if count < 1:
            raise InputError(f"negatives: expected a number >= 1, got {count}")
        # Checking a batch makes a GPU wait: only where some customer is exhausted.
        if self._any_exhausted:
            self._refuse(customers[self.exhausted[customers]])
        rows = customers[:, None]
        random = torch.rand(
            (len(customers), count),
            dtype=torch.float64,
            generator=generator,
            device=self._ends.device,
        )
        unit = (random * self._left[rows]).long()
        passed = torch.searchsorted(self._keys, rows * (self._total + 1) + unit, right=True)
        unit += self._owned_before[passed] - self._of_row[rows]
        products = torch.searchsorted(self._ends, unit, right=True)
        return Negatives(products=products, log_q=self.log_q(rows, products))

    def log_q(self, customers: Tensor, products: Tensor) -> Tensor:
        """float32 log-probability that a draw for the customer is the product, broadcast.

        Meaningless for a product that the customer has.
        """
        return self._log_share[products] - self._log_left[customers]

    def _refuse(self, customers: Tensor) -> None:
        if len(customers):
            raise InputError(
                f"negatives: the customer of row {int(customers[0])} has every one of the "
                f"{int((self._log_share > -torch.inf).sum())} products that can be drawn, so none "
                "is left to be a negative; leave the customer out of the batches, or allow "
                "positives as negatives"
            )


def _units(shares: FloatArray, customers: int) -> IntArray:
    """[P] int64 in proportion to shares, as finely as keys of all customers fit into int64."""
    target = min(_MOST_UNITS // 2, _MOST_KEYS // max(customers, 1) // 2)
    units = np.maximum(np.rint(shares * target), shares > 0)
    return units.astype(np.int64)


def _avoided(positives: Positives, allow_positives: bool) -> csr_array:
    if not allow_positives:
        return positives.pairs
    nothing = np.zeros(0, np.int64)
    return csr_array((nothing, (nothing, nothing)), shape=positives.pairs.shape)


def _log(shares: FloatArray, device: torch.device | str) -> Tensor:
    with np.errstate(divide="ignore"):
        return torch.from_numpy(np.log(shares).astype(np.float32)).to(device)
