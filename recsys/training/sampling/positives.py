"""Positive pairs of a customer and a product, and the events they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import IntArray
from recsys.data.columns import ACTIONS
from recsys.data.dataset import Dataset
from recsys.graph.action_weights import event_action_weights
from recsys.graph.bipartite import interaction_matrix


@dataclass(frozen=True, kw_only=True, eq=False)
class Positives:
    """Which customer has which product.

    Attributes:
        pairs: [C, P] CSR; an entry, of any value, is a positive. Each entry once, indices sorted.
        actions: of the events behind the pairs.
        when: [n] int64 moments of those events, in units of the clock; None without one.
    """

    pairs: csr_array
    actions: tuple[str, ...]
    when: IntArray | None

    @classmethod
    def of(cls, data: Dataset, actions: Mapping[str, float] | None = None) -> Self:
        """The pairs of `interaction_matrix(data, actions=actions)`.

        Args:
            data: what a model may see.
            actions: weight of each action; events with one above 0 make positives. None for the
                default of `recsys.graph.action_weights`.

        Raises:
            InputError: an action is unknown or its weight negative.
        """
        events, pairs = data.interactions, interaction_matrix(data, actions=actions)
        used = (events.products >= 0) & (event_action_weights(data, actions) > 0)
        return cls(
            pairs=pairs,
            actions=tuple(ACTIONS[code] for code in np.unique(events.actions[used])),
            when=None if events.when is None else events.when[used],
        )

    @property
    def customers_of(self) -> IntArray:
        """[P] int64, number of customers who have each product."""
        return np.bincount(self.pairs.indices, minlength=self.pairs.shape[1])
