"""Customers that a model knows nothing about are ranked by popularity, whatever the model.

A customer is unknown without an event that counts (`recsys.graph.action_weights`). Filters add a
small popularity to all scores, graph networks have popularity as a bias, and segments have a cell
of customers without events. Vectors made of events alone, like those of ALS, get one more column
from `UnknownCustomers`: 1 for unknown customers and 0 for all others; popularity for products. The
arrays for folding in have the column too, with 0 for every product, so that a customer's first
event that counts removes it.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.models.base import Embeddings, FoldIn
from recsys.models.popularity import fallback


@dataclass(frozen=True, kw_only=True, eq=False)
class UnknownCustomers:
    """Which customers are unknown, and what they are ranked by.

    Attributes:
        rows: [C] bool, customers without an event that counts.
        popularity: [P] float32, scaled to the largest entry of the products' vectors, so that
            neither loses precision when vectors are stored in few bytes.
    """

    rows: BoolArray
    popularity: FloatArray

    @classmethod
    def of(cls, data: Dataset, history: csr_array, products: FloatArray) -> Self:
        """The unknown customers of a fitted model.

        Args:
            data: the data of the fit.
            history: [C, P] weights of the events that count in the model.
            products: [P, d] product vectors.
        """
        popular = fallback(data)
        largest = max(popular.max(initial=0), np.finfo(np.float32).tiny)
        level = float(np.abs(products).max(initial=0)) or 1.0
        return cls(
            rows=np.diff(history.indptr) == 0,
            popularity=(popular / largest * level).astype(np.float32),
        )

    def ranked(self, customers: IntArray, scores: FloatArray) -> FloatArray:
        """Sets the scores [Q, P] of unknown customers among [Q] to popularity, in place."""
        scores[self.rows[customers]] = self.popularity
        return scores

    def embeddings(self, customers: FloatArray, products: FloatArray) -> Embeddings:
        """Customer vectors [C, d] and product vectors [P, d] with the column."""
        default_customer = np.zeros(products.shape[1] + 1, np.float32)
        default_customer[-1] = 1
        return Embeddings(
            customers=_with_column(customers, self.rows),
            products=_with_column(products, self.popularity),
            default_customer=default_customer,
        )

    def fold_in(self, rule: FoldIn) -> FoldIn:
        """The arrays for folding in with the column."""
        zeros, gram = np.zeros((len(rule.products), 1), np.float32), rule.gram
        if gram is not None:
            gram = np.pad(gram, (0, 1))
            # Any positive number works, because no event has a share in the column.
            gram[-1, -1] = 1
        return replace(rule, products=np.hstack([rule.products, zeros]), gram=gram)


def _with_column(vectors: FloatArray, column: FloatArray | BoolArray) -> FloatArray:
    return np.hstack([vectors, column[:, None]], dtype=np.float32, casting="unsafe")
