"""What a metric of another library is computed from."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Lists:
    """Lists of Q customers with something in test, and what of them is relevant.

    Attributes:
        hit: [Q, k] whether the product at each position is relevant, best first.
        relevant: [Q] number of relevant products, at least 1.
        k: length at which the lists are cut.
        products: [Q, k] row numbers of the listed products, best first, -1 for none.
        times: [Q, k] number of events in test of the product at each position; 0 where not
            relevant.
        events: [Q] number of events in test; above `relevant` where a product was bought twice.
    """

    hit: BoolArray
    relevant: IntArray
    k: int
    products: IntArray
    times: IntArray
    events: IntArray

    @property
    def lengths(self) -> IntArray:
        """[Q] number of products in the first k places."""
        return np.asarray((self.products >= 0).sum(axis=1))
