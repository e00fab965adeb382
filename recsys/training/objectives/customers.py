"""Objectives whose examples are customers, each with all products that they have."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from recsys.data.audit import Derived, ProductCounts
from recsys.training.bipartite_graph import entries_of
from recsys.training.losses import softmax_over_all, unit, whole_data
from recsys.training.objectives.base import (
    Batch,
    Objective,
    require,
    require_temperature,
)
from recsys.training.sampling.positives import Positives
from recsys.training.shards import Table


class CustomersObjective(Objective):
    """Base of objectives whose examples are customers."""

    def _count_examples(self) -> int:
        self._active = _active(self._starts)
        return len(self._active)

    def batch(self, examples: Tensor) -> Batch:
        """As `Objective`."""
        customers = self._active[examples]
        rows, entry = entries_of(self._starts, customers)
        return Batch(customers=customers, rows=rows, products=self._products[entry])


class _WithoutDraws(CustomersObjective):
    def loss(
        self,
        customers: Table,
        products: Table,
        batch: Batch,
        share: slice,
        generator: torch.Generator,
    ) -> Tensor:
        """As `Objective.loss`; nothing is drawn."""
        return self._loss_of(customers, products, batch.of(share))

    @abstractmethod
    def _loss_of(self, customers: Table, products: Table, batch: Batch) -> Tensor: ...


class Softmax(_WithoutDraws):
    """Softmax over all products of cosine / temperature + popularity x log(1 + n_p).

    The loss is `recsys.training.losses.softmax_over_all`. The second part is the logit adjustment
    of Menon, Jayasumana, Rawat, Jain, Veit and Kumar, Long-Tail Learning via Logit Adjustment
    (2021): directions need not learn what popularity explains. Deviates: they leave it out of
    scores, to be fair to rare classes; here it stays, because later events follow popularity too.

    Args:
        temperature: of the cosines.
        popularity: exponent of n_p, the number of customers who have product p; 0 for none.
        norm: exponent of the lengths of products' vectors in scores; training uses directions
            alone. Propagation makes the vectors of products long whose customers are similar, so a
            power of the length ranks by how certain a direction is. 0 for none, 1 for the inner
            product.
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
        """As `Objective`."""
        super().prepare(positives, device)
        self._log_popularity = _log_popularity(positives, device)
        counts = ProductCounts(counts=positives.customers_of, actions=positives.actions)
        self.derived = Derived(popularity=counts)

    def _loss_of(self, customers: Table, products: Table, batch: Batch) -> Tensor:
        return softmax_over_all(
            unit(customers[batch.customers]),
            unit(products),
            batch.rows,
            batch.products,
            temperature=self.temperature,
            bias=self.popularity * self._log_popularity,
        )

    @property
    def bias(self) -> Tensor:
        """As `Objective.bias`, plus the logit adjustment on the scale of cosines."""
        return super().bias + self.temperature * self.popularity * self._log_popularity


class WholeData(_WithoutDraws):
    """Squared loss over all pairs without sampling, `recsys.training.losses.whole_data`.

    Args:
        unobserved_weight: c0, weight of a pair without an event relative to one with.
    """

    cosine: ClassVar[bool] = False

    def __init__(self, *, unobserved_weight: float = 0.1) -> None:
        require("unobserved_weight", unobserved_weight, 0)
        self.unobserved_weight = unobserved_weight
        self.settings = {"unobserved_weight": unobserved_weight}

    def _loss_of(self, customers: Table, products: Table, batch: Batch) -> Tensor:
        loss = whole_data(
            customers[batch.customers],
            products,
            batch.rows,
            batch.products,
            unobserved_weight=self.unobserved_weight,
        )
        # From the mean over customers to the mean over pairs.
        return loss * (len(batch.customers) / max(len(batch.rows), 1))


def _active(starts: Tensor) -> Tensor:
    """[n] int64 row numbers of the customers who have any product; starts are [C + 1]."""
    return starts.diff().nonzero()[:, 0]


def _log_popularity(positives: Positives, device: torch.device) -> Tensor:
    """[P] float32 log(1 + number of customers who have the product)."""
    return torch.from_numpy(np.log1p(positives.customers_of).astype(np.float32)).to(device)
