"""A product-product filter of a sparse linear part and a low-rank part of singular vectors.

With the co-occurrence C of products, their degrees E and orthonormal directions V,

    F = slope * E^-a C E^-b + low_pass * E^-c V G V' E^d + self_weight * I,

where G is diagonal. `GraphFilter` and `SpectralFilter` differ in how they set the parts.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.graph.bipartite import normalise
from recsys.models import singular_vectors
from recsys.models.cooccurrence import Cooccurrence, scaled_columns
from recsys.models.dense_scores import add_history
from recsys.models.packed_vectors import PackedVectors

_NOTHING = 1e-5
"""Of the largest eigenvalue: below it is rounding noise."""


@dataclass(eq=False)
class TwoPartFilter:
    """F as above, and a bias that every customer's scores start from.

    Attributes:
        cooccurrence: C, [P, P].
        degrees: E, [P] float32, above 0.
        directions: V, [P, k] float32.
        gain: G, [k] float32.
        left, right: a and b, exponents of the linear part.
        low_left, low_right: c and d, exponents of the low-rank part.
        slope: weight of the linear part.
        low_pass: weight of the low-rank part.
        self_weight: weight of the customer's history itself.
        bias: [P] float32.
    """

    cooccurrence: Cooccurrence
    degrees: FloatArray
    directions: FloatArray
    gain: FloatArray
    left: float
    right: float
    low_left: float
    low_right: float
    slope: float
    low_pass: float
    self_weight: float
    bias: FloatArray
    _linear: Cooccurrence = field(init=False)
    _low_side: PackedVectors = field(init=False)

    def __post_init__(self) -> None:
        """Lays out what scores need."""
        self._linear = self.cooccurrence.scaled(self.degrees**-self.right)
        side = (self.degrees**self.low_right)[:, None] * (self.directions * self.gain)
        self._low_side = PackedVectors(side, self.bias)

    def scores(self, rows: csr_array) -> FloatArray:
        """[Q, P] float32, rows @ F + bias, of histories [Q, P] float32."""
        low = self.low_pass * (scaled_columns(rows, self.degrees**-self.low_left) @ self.directions)
        scores = self._low_side.scores(low)
        self._linear.add_to(scores, scaled_columns(rows, self.slope * self.degrees**-self.left))
        add_history(scores, rows, self.self_weight)
        return scores

    def product(self, products: FloatArray) -> FloatArray:
        """F @ products, for products [P, n] float32."""
        return self._product(products, self.left, self.right, self.low_left, self.low_right)

    def transposed_product(self, products: FloatArray) -> FloatArray:
        """F.T @ products, for products [P, n] float32."""
        return self._product(products, self.right, self.left, -self.low_right, -self.low_left)

    def _product(
        self, products: FloatArray, left: float, right: float, low_left: float, low_right: float
    ) -> FloatArray:
        degrees = self.degrees[:, None]
        linear = self.cooccurrence @ (degrees**-right * products)
        low = self.directions @ (
            self.gain[:, None] * (self.directions.T @ (degrees**low_right * products))
        )
        filtered: FloatArray = (
            self.slope * degrees**-left * linear
            + self.low_pass * degrees**-low_left * low
            + self.self_weight * products
        ).astype(np.float32)
        return filtered


def positive_degrees(history: csr_array) -> FloatArray:
    """[P] float32 sums of a history [C, P]; 1 where they are 0, so that powers magnify no noise."""
    degrees = history.sum(axis=0)
    return np.where(degrees > 0, degrees, 1.0).astype(np.float32)


def leading_directions(history: csr_array, dim: int, seed: int) -> FloatArray:
    """V [P, k] float32: the first right singular vectors of D^-1/2 R E^-1/2 of a history R [C, P].

    k is `dim`, or one less than the shorter side of R; one vector of zeros where that is 0.
    """
    rank = min(dim, min(history.shape) - 1)
    if rank < 1:
        return np.zeros((history.shape[1], 1), np.float32)
    return singular_vectors.of_matrix(normalise(history, 0.5, 0.5), rank, seed)


def eigenvalues_of(history: csr_array, directions: FloatArray) -> FloatArray:
    """[k] float32 of E^-1/2 R' D^-1 R E^-1/2 at directions [P, k]; 0 where there is only noise."""
    values = singular_vectors.squared_lengths(normalise(history, 0.5, 0.5), directions)
    spans = values > _NOTHING * values.max(initial=0)
    return np.where(spans, values, 0.0).astype(np.float32)
