"""Customers of whom a model knows nothing: they are ranked by popularity, whatever the model.

Unknown is a customer without an event that counts (`recsys.graph.action_weights`). Filters add a
small popularity to everybody's scores, graph networks have popularity as a bias, segments have a
cell for those without events. Vectors of nothing but events, as those of ALS, get one column more
by `UnknownCustomers`: 1 for unknown customers and 0 for all others, popularity for products.
Folding in has the column too, 0 for every product, so that the first event that counts ends it.
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
    """Who is unknown, and what they are ranked by.

    Attributes:
        rows: [C] bool, customers without an event that counts.
        popularity: [P] float32; at most as large as the largest entry of the products' vectors, so
            that vectors kept in few bytes lose little of either.
    """

    rows: BoolArray
    popularity: FloatArray

    @classmethod
    def of(cls, data: Dataset, history: csr_array, products: FloatArray) -> Self:
        """Those of a fitted model.

        Args:
            data: it was fitted on.
            history: [C, P], the events that it counts.
            products: [P, d], its vectors.
        """
        popular = fallback(data)
        largest = max(popular.max(initial=0), np.finfo(np.float32).tiny)
        level = float(np.abs(products).max(initial=0)) or 1.0
        return cls(
            rows=np.diff(history.indptr) == 0,
            popularity=(popular / largest * level).astype(np.float32),
        )

    def ranked(self, customers: IntArray, scores: FloatArray) -> FloatArray:
        """Scores [Q, P] of customers [Q], in place: those of unknown ones become popularity."""
        scores[self.rows[customers]] = self.popularity
        return scores

    def embeddings(self, customers: FloatArray, products: FloatArray) -> Embeddings:
        """Vectors [C, d] and [P, d] with the column."""
        nobody = np.zeros(products.shape[1] + 1, np.float32)
        nobody[-1] = 1
        return Embeddings(
            customers=np.column_stack([customers, self.rows]).astype(np.float32),
            products=np.column_stack([products, self.popularity]).astype(np.float32),
            default_customer=nobody,
        )

    def fold_in(self, rule: FoldIn) -> FoldIn:
        """The same rule with the column."""
        nothing, gram = np.zeros((len(rule.products), 1), np.float32), rule.gram
        if gram is not None:
            gram = np.pad(gram, (0, 1))
            # Any number above 0 will do: no event has a part in the column.
            gram[-1, -1] = 1
        return replace(rule, products=np.hstack([rule.products, nothing]), gram=gram)
