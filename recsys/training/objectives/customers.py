"""Objectives whose examples are customers, each with all products that they have."""

from typing import ClassVar

import torch
from torch import Tensor

from recsys.data.audit import Derived, ProductCounts
from recsys.training.losses import softmax_over_all, unit, whole_data
from recsys.training.objectives.base import (
    Batch,
    Objective,
    active,
    log_popularity,
    require,
    require_temperature,
)
from recsys.training.row_ranges import entries_of
from recsys.training.sampling.positives import Positives


class _OfCustomers(Objective):
    def _count_examples(self) -> int:
        self._active = active(self._starts)
        return len(self._active)

    def batch(self, examples: Tensor) -> Batch:
        """See `Objective`."""
        customers = self._active[examples]
        rows, entry = entries_of(self._starts, customers)
        return Batch(customers=customers, rows=rows, products=self._products[entry])


class Softmax(_OfCustomers):
    """Softmax over all products of cosine / temperature + popularity x log(1 + n_p).

    See `recsys.training.losses.softmax_over_all`. The second part is the logit adjustment of Menon,
    Jayasumana, Rawat, Jain, Veit and Kumar, Long-Tail Learning via Logit Adjustment (2021): what
    popularity explains need not be learnt into directions. Deviates: they leave it out of scores,
    to do justice to rare classes; here it stays in, as events to come follow popularity too.

    Args:
        temperature: of the cosines.
        popularity: exponent of n_p, the number of customers who have product p; 0 for none.
        norm: exponent of the lengths of products' vectors in scores; training knows directions
            alone. Propagation leaves those of products long whose customers agree, so a power of
            the length ranks by how sure a direction is. 0 for none, 1 for the inner product.
    """

    cosine: ClassVar[bool] = True

    def __init__(
        self, *, temperature: float = 0.1, popularity: float = 0.5, norm: float = 0.0
    ) -> None:
        require_temperature(temperature)
        require("popularity", popularity, 0, 4)
        require("norm", norm, 0, 4)
        self.temperature, self.popularity, self.norm = temperature, popularity, norm
        self.settings = {"temperature": temperature, "popularity": popularity, "norm": norm}

    def prepare(self, positives: Positives, device: torch.device) -> None:
        """See `Objective`."""
        super().prepare(positives, device)
        self._log_popularity = log_popularity(positives, device)
        counts = ProductCounts(counts=positives.customers_of, actions=positives.actions)
        self.derived = Derived(popularity=counts)

    def loss(
        self,
        customers: Tensor,
        products: Tensor,
        batch: Batch,
        own: slice,
        generator: torch.Generator,
    ) -> Tensor:
        """See `Objective`."""
        mine = batch.of(own)
        return softmax_over_all(
            unit(customers[mine.customers]),
            unit(products),
            mine.rows,
            mine.products,
            temperature=self.temperature,
            bias=self.popularity * self._log_popularity,
        )

    @property
    def bias(self) -> Tensor:
        """See `Objective`; the adjustment on top, on the scale of cosines."""
        return super().bias + self.temperature * self.popularity * self._log_popularity


class WholeData(_OfCustomers):
    """Squared loss over all pairs without sampling, see `recsys.training.losses.whole_data`.

    Args:
        unobserved_weight: c0, what a pair without an event weighs beside one with.
    """

    cosine: ClassVar[bool] = False

    def __init__(self, *, unobserved_weight: float = 0.1) -> None:
        require("unobserved_weight", unobserved_weight, 0)
        self.unobserved_weight = unobserved_weight
        self.settings = {"unobserved_weight": unobserved_weight}

    def loss(
        self,
        customers: Tensor,
        products: Tensor,
        batch: Batch,
        own: slice,
        generator: torch.Generator,
    ) -> Tensor:
        """See `Objective`."""
        mine = batch.of(own)
        loss = whole_data(
            customers[mine.customers],
            products,
            mine.rows,
            mine.products,
            unobserved_weight=self.unobserved_weight,
        )
        # From the mean over customers to the mean over pairs.
        return loss * (len(mine.customers) / max(len(mine.rows), 1))
