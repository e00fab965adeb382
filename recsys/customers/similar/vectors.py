"""`customer_vectors`: what the vectors of a fitted model say about the taste of each customer."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.ops.nearest import taste_columns

FEWEST = 20
"""Customers with events that can be compared."""


class TooFewCustomersError(InputError):
    """Fewer customers have events than can be compared."""


@dataclass(frozen=True, eq=False)
class CustomerVectors:
    """Directions of the taste of customers, in the order of their ids.

    Attributes:
        customers: [n] row numbers.
        vectors: [n, d] float32 of length 1.
        without_events: customers who are left out: without an event that counts as interest, or
            with a vector of zeros.
    """

    customers: IntArray
    vectors: FloatArray
    without_events: int

    def __len__(self) -> int:
        return len(self.customers)


def customer_vectors(customers: FloatArray, products: FloatArray, data: Dataset) -> CustomerVectors:
    """Vectors to compare customers by.

    The order does not depend on row numbers, so that what is drawn from it by a seed stays the same
    when the tables come in another order.

    Args:
        customers: [C, d] vectors of a model.
        products: [P, d] of the same model.
        data: that it was fitted on.

    Raises:
        TooFewCustomersError: fewer than `FEWEST` have events.
    """
    has_events = np.diff(interaction_matrix(data).indptr) > 0
    rows = np.argsort(data.customers.ids, kind="stable")
    rows = rows[has_events[rows]]
    ordering = products.max(axis=0) != products.min(axis=0) if len(products) > 1 else None
    kept = customers[rows]
    if ordering is not None:
        kept = kept[:, taste_columns(kept, ordering)]
    lengths = np.linalg.norm(kept, axis=1)
    rows, kept, lengths = rows[lengths > 0], kept[lengths > 0], lengths[lengths > 0]
    if len(rows) < FEWEST:
        raise TooFewCustomersError(
            f"interactions: expected at least {FEWEST} customers with events before the cut-off to "
            f"compare, got {len(rows):,}; take a later one"
        )
    vectors = np.ascontiguousarray(kept / lengths[:, None], np.float32)
    return CustomerVectors(rows, vectors, len(has_events) - len(rows))
