"""A product-product filter of a sparse linear part and a low-rank part of singular vectors.

With the co-occurrence C of products, their degrees E and orthonormal directions V,

    F = slope * E^-a C E^-b + low_pass * E^-c V G V' E^d + self_weight * I,

where G is diagonal. `GraphFilter` and `SpectralFilter` differ in how they set the parts.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.models import singular_vectors
from recsys.models.base import EventWeights, Validate, require_half_life, require_range
from recsys.models.cooccurrence import Cooccurrence, scaled_columns
from recsys.models.dense_scores import add_history
from recsys.models.packed_vectors import PackedVectors
from recsys.models.popularity import fallback
from recsys.models.recommends import Recommends

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


class TwoPartModel(Recommends, ABC):
    """The base class of models whose filter is a `TwoPartFilter`; a subclass sets its parts.

    Attributes:
        settings: in use, given or chosen on valid, by name; `self_weight` among them.
        history: [C, P] float32 CSR weights of the customers' events.
        bias: [P] float32 that scores start from: a little popularity.
        cooccurrence: [P, P], C.
        directions: V, [P, k] float32: the first right singular vectors of the normalised history.
    """

    settings: dict[str, float]
    history: csr_array
    bias: FloatArray
    cooccurrence: Cooccurrence
    directions: FloatArray

    def __init__(
        self, *, dim: int, half_life: float | None, actions: Mapping[str, float] | None, seed: int
    ) -> None:
        require_range("dim", dim, 1, 4096)
        require_half_life(half_life)
        self.dim, self.half_life, self.actions, self.seed = dim, half_life, actions, seed

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The settings in use, given or chosen on valid, by name."""
        return dict(self.settings)

    @property
    def event_weights(self) -> EventWeights:
        """How the events in the history count."""
        return EventWeights(actions=self.actions, half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Fits the model to the events of `data`, and chooses open settings by `validate`."""
        self.history = interaction_matrix(data, actions=self.actions, half_life=self.half_life)
        self.bias = fallback(data)
        degrees = self.history.sum(axis=0)
        # 1 for a product without events, so that its powers do not magnify rounding noise.
        self._degrees: FloatArray = np.where(degrees > 0, degrees, 1.0).astype(np.float32)
        self.directions = self._singular_vectors()
        self._prepare()
        if validate is not None:
            self._choose(validate, repeats=data.ranks_repeats)
        self._assemble()
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q]; the touchpoint makes no difference."""
        return self._filter.scores(self.history[customers])

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """Filter @ products, for products [P, n] float32."""
        return self._filter.product(products)

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """filter.T @ products, for products [P, n] float32."""
        return self._filter.transposed_product(products)

    @abstractmethod
    def _prepare(self) -> None:
        """Makes what does not depend on the settings, once a fit."""

    @abstractmethod
    def _choose(self, validate: Validate, repeats: bool) -> None:
        """Sets the open settings to what is best by `validate`; some only where repeats count."""

    @abstractmethod
    def _assemble(self) -> None:
        """Makes what scores need of the settings in use, by `_set_filter`."""

    def _quality(self, validate: Validate, settings: dict[str, float]) -> float:
        self.settings = settings
        self._assemble()
        return validate(self.score)

    def _set_filter(self, **parts: Any) -> None:
        """Takes the parts of a `TwoPartFilter` that depend on the model."""
        self._filter = TwoPartFilter(
            cooccurrence=self.cooccurrence,
            degrees=self._degrees,
            directions=self.directions,
            self_weight=self.settings["self_weight"],
            bias=self.bias,
            **parts,
        )

    def _eigenvalues_of_directions(self) -> FloatArray:
        """[k] float32 of E^-1/2 R' D^-1 R E^-1/2, R the history; 0 where there is only noise."""
        matrix = normalise(self.history, 0.5, 0.5)
        values = singular_vectors.squared_lengths(matrix, self.directions)
        spans = values > _NOTHING * values.max(initial=0)
        return np.where(spans, values, 0.0).astype(np.float32)

    def _singular_vectors(self) -> FloatArray:
        rank = min(self.dim, min(self.history.shape) - 1)
        if rank < 1:
            return np.zeros((self.history.shape[1], 1), np.float32)
        return singular_vectors.of_matrix(normalise(self.history, 0.5, 0.5), rank, self.seed)
