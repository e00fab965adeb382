"""How strong pairs of customers and products are, and how many a customer and a product have."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True)
class PairStrengths:
    """What a conversion has to know of the strengths r of the pairs with events.

    Attributes:
        mean: of r.
        lowest, highest: of r.
        customer_pairs, product_pairs: mean number of pairs of a customer, and of a product, that
            has one.
        is_even: whether all customers have equally many pairs, and all products too.
    """

    mean: float
    lowest: float
    highest: float
    customer_pairs: float
    product_pairs: float
    is_even: bool

    @classmethod
    def of(cls, strengths: csr_array) -> Self:
        """Of a matrix [C, P], as `recsys.graph.bipartite.interaction_matrix` makes it.

        Raises:
            InputError: no pair has a strength.
        """
        if not strengths.nnz:
            raise InputError("strengths: expected a matrix with entries, got none")
        rows, columns = strengths.nonzero()
        counts = [count[count > 0] for count in map(np.bincount, (rows, columns))]
        return cls(
            mean=float(strengths.data.mean(dtype=np.float64)),
            lowest=float(strengths.data.min()),
            highest=float(strengths.data.max()),
            customer_pairs=float(counts[0].mean()),
            product_pairs=float(counts[1].mean()),
            is_even=all(bool((count == count[0]).all()) for count in counts),
        )
