"""Graph filter: a linear filter on the product-product graph, with nothing to train.

Shen et al., How Powerful is Graph Convolution for Recommendation? (GF-CF, 2021). With the
history R, its customer degrees D and product degrees E, the score of a customer's row r is

    r E^-a (R' D^-g R) E^-b  +  low_pass * r E^-1/2 V V' E^1/2  +  self_weight * r

where V holds the first `dim` right singular vectors of D^-1/2 R E^-1/2.

Deviations: the exponents a and b of the linear part are free (GF-CF: 1/2 each), and so is g (1);
the last term is ours and serves catalogues where people buy the same product again.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array
from sklearn.utils.extmath import randomized_svd

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.models.base import EventWeights, Validate, require_half_life, require_range
from recsys.models.choice import choose
from recsys.models.popularity import fallback
from recsys.models.recommends import Recommends
from recsys.models.sparse_product import add_product
from recsys.ops.csr import entry_rows

DEFAULTS = {"skew": 0.0, "total": 1.0, "low_pass": 0.1, "self_weight": 0.0}
CANDIDATES: dict[str, tuple[float, ...]] = {
    "skew": (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8),
    "low_pass": (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0),
    "total": (0.2, 0.4, 0.6, 0.8, 1.0),
    "self_weight": (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
}
"""What is tried on valid: exponents by their difference a - b (skew) and their sum (total).

The sum stays 1 where seen products are masked: freed there, it follows the held-out rows closely
and later rows less (Gowalla: better on valid, worse on test). Where repeats count, popularity
predicts by itself, and a smaller sum leaves more of it in."""


class GraphFilter(Recommends):
    """The linear product-product filter with a low-pass part.

    Settings left at None are chosen on valid, one after the other, from `CANDIDATES`; without
    validation data they take `DEFAULTS` (exponents 1/2). Of two exponents one may be given: the
    other is what is missing to their sum.

    Args:
        history_exponent: a, of product degrees on the side of the customer's history.
        candidate_exponent: b, of product degrees on the side of the ranked product.
        customer_exponent: g, of customer degrees.
        low_pass: weight of the low-pass part.
        self_weight: weight of the customer's own history.
        dim: number of singular vectors of the low-pass part (at most the rank).
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
        seed: of the randomised SVD (Halko et al., 2011).
    """

    history: csr_array
    bias: FloatArray

    def __init__(
        self,
        *,
        history_exponent: float | None = None,
        candidate_exponent: float | None = None,
        customer_exponent: float = 1.0,
        low_pass: float | None = None,
        self_weight: float | None = None,
        dim: int = 256,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        asked = {
            "history_exponent": history_exponent,
            "candidate_exponent": candidate_exponent,
            "low_pass": low_pass,
            "self_weight": self_weight,
        }
        for name, value in {**asked, "customer_exponent": customer_exponent}.items():
            if value is not None:
                require_range(name, value, 0, 10)
        require_range("dim", dim, 1, 4096)
        require_half_life(half_life)
        self.fixed = {name: value for name, value in asked.items() if value is not None}
        self.settings: dict[str, float] = self._at(DEFAULTS)
        self.customer_exponent = customer_exponent
        self.dim, self.half_life, self.actions, self.seed = dim, half_life, actions, seed

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The settings in use, given or chosen on valid."""
        return dict(self.settings)

    @property
    def event_weights(self) -> EventWeights:
        """See `WeighsEvents`."""
        return EventWeights(actions=self.actions, half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """See `Recommender`."""
        self.history = interaction_matrix(data, actions=self.actions, half_life=self.half_life)
        self.bias = fallback(data)
        degrees = self.history.sum(axis=0)
        # 1 for a product without events: any power of it leaves rounding noise as small as it is.
        self.degrees: FloatArray = np.where(degrees > 0, degrees, 1.0).astype(np.float32)
        weighted = normalise(self.history, self.customer_exponent, 0.0)
        self.cooccurrence: csr_array = (self.history.T.tocsr() @ weighted).tocsr()
        self.spectrum: FloatArray = self._singular_vectors()
        if validate is not None:
            self._choose(validate, repeats=not data.filter_seen)
        self._assemble()
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """See `Recommender`."""
        rows = self.history[customers]
        low = self.settings["low_pass"] * (_scaled(rows, self.degrees**-0.5) @ self.spectrum)
        found: FloatArray = low @ self._low_pass_side.T
        linear = _scaled(rows, self.degrees ** -self.settings["history_exponent"])
        add_product(found, linear, self._linear)
        found += self.bias
        if self.settings["self_weight"]:
            found[entry_rows(rows.indptr), rows.indices] += self.settings["self_weight"] * rows.data
        return found

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """See `FilterRecommender`."""
        return self._spread(products, "history_exponent", "candidate_exponent", -0.5)

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """See `FilterRecommender`."""
        return self._spread(products, "candidate_exponent", "history_exponent", 0.5)

    def _spread(self, products: FloatArray, left: str, right: str, power: float) -> FloatArray:
        degrees = self.degrees[:, None]
        linear = self.cooccurrence @ (degrees ** -self.settings[right] * products)
        low = self.spectrum @ (self.spectrum.T @ (degrees**-power * products))
        spread: FloatArray = (
            degrees ** -self.settings[left] * linear
            + self.settings["low_pass"] * degrees**power * low
            + self.settings["self_weight"] * products
        ).astype(np.float32)
        return spread

    def _singular_vectors(self) -> FloatArray:
        rank = min(self.dim, min(self.history.shape) - 1)
        if rank < 1:
            return np.zeros((self.history.shape[1], 1), np.float32)
        symmetric = normalise(self.history, 0.5, 0.5)
        _, _, right = randomized_svd(symmetric, rank, n_iter=3, random_state=self.seed)
        return np.ascontiguousarray(right.T, dtype=np.float32)

    def _assemble(self) -> None:
        factor = self.degrees ** -self.settings["candidate_exponent"]
        self._linear = _scaled(self.cooccurrence, factor)
        self._low_pass_side = (self.degrees**0.5)[:, None] * self.spectrum

    def _choose(self, validate: Validate, repeats: bool) -> None:
        def quality(point: dict[str, float]) -> float:
            self.settings = self._at(point)
            self._assemble()
            return validate(self.score)

        idle = set(self.fixed) | (set() if repeats else {"self_weight", "total"})
        exponents = {"history_exponent", "candidate_exponent"} & idle
        if exponents:
            idle |= {"skew"} if len(exponents) == 1 else {"skew", "total"}
        candidates = {name: values for name, values in CANDIDATES.items() if name not in idle}
        self.settings = self._at(choose(quality, DEFAULTS, candidates))

    def _at(self, point: Mapping[str, float]) -> dict[str, float]:
        """Settings at a point of the search; what was given stays as given."""
        total = point["total"]
        history = self.fixed.get("history_exponent", (total + point["skew"]) / 2)
        candidate = self.fixed.get("candidate_exponent", total - history)
        if "history_exponent" not in self.fixed:
            history = total - candidate
        # Rounded, because 0.7 should read 0.7 in a configuration.
        return {
            "history_exponent": round(max(history, 0), 6),
            "candidate_exponent": round(max(candidate, 0), 6),
            "low_pass": point["low_pass"],
            "self_weight": point["self_weight"],
        } | self.fixed


def _scaled(matrix: csr_array, column_factor: FloatArray) -> csr_array:
    data = matrix.data * column_factor.astype(np.float32)[matrix.indices]
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
