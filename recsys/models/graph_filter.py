"""Graph filter: a linear filter on the product-product graph, with nothing to train.

Shen et al., How Powerful is Graph Convolution for Recommendation? (GF-CF, 2021). With the
history R, its customer degrees D and product degrees E, the score of a customer's row r is

    r E^-a (R' D^-g R) E^-b s_g  +  low_pass * r E^-1/2 V L V' E^1/2  +  self_weight * r

where V holds the first `dim` right singular vectors of D^-1/2 R E^-1/2.

Deviations: the exponents a, b and g of the linear part can be set (GF-CF: 1/2, 1/2 and 1); s_g
keeps the sum of R' D^-g R as it is for g = 1, so that `low_pass` means the same for each g. L is
diagonal, (l_k / l_i)^whitening for squared singular values l_1 >= ... >= l_k (GF-CF: 0): the linear
part multiplies a direction by l_i, so the first ones need less of the low-pass part. The last term
is an addition for catalogues where people buy the same product again.
"""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.graph.bipartite import normalise
from recsys.models.base import Validate, require_range
from recsys.models.choice import choose
from recsys.models.cooccurrence import Cooccurrence
from recsys.models.two_part_filter import TwoPartModel

DEFAULTS = {
    "skew": 0.0, "total": 1.0, "low_pass": 0.1, "customer_exponent": 1.0, "whitening": 0.0,
    "self_weight": 0.0,
}  # fmt: skip
CANDIDATES: dict[str, tuple[float, ...]] = {
    "skew": (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8),
    "low_pass": (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0),
    "customer_exponent": (0.4, 0.7, 1.0),
    "whitening": (0.0, 0.5, 1.0),
    "total": (0.2, 0.4, 0.6, 0.8, 1.0),
    "self_weight": (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
}
"""Values tried on valid. Exponents are searched by their difference a - b (skew) and sum (total).

The sum stays 1 where seen products are filtered: chosen freely there, it overfits the valid window
(Gowalla: better on valid, worse on test). So do the exponent of customers and whitening, which are
searched only where they are set to None. Where repeats count, popularity predicts by itself, and a
smaller sum leaves more of it in."""


class GraphFilter(TwoPartModel):
    """Ranks products by a linear product-product filter with a low-pass part.

    Settings that are None are chosen on valid, one after the other, from `CANDIDATES`; without
    validation data they take `DEFAULTS` (exponents 1/2). If one of the exponents a and b is given,
    the other one completes their sum.

    Args:
        history_exponent: a, exponent of the degrees of the products in the history.
        candidate_exponent: b, exponent of the degree of the ranked product.
        customer_exponent: g, exponent of customer degrees; below 1 active customers say more about
            which products go together.
        low_pass: weight of the low-pass part.
        whitening: how much less the first directions of the low-pass part weigh than its last.
        self_weight: weight of the customer's history itself.
        dim: number of singular vectors of the low-pass part; more than the rank have no effect.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
        seed: of the randomised SVD (Halko et al., 2011).

    Attributes:
        directions: V, [P, k] float32.

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(
        self,
        *,
        history_exponent: float | None = None,
        candidate_exponent: float | None = None,
        customer_exponent: float | None = 1.0,
        low_pass: float | None = None,
        whitening: float | None = 0.0,
        self_weight: float | None = None,
        dim: int = 256,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        given = {
            "history_exponent": history_exponent,
            "candidate_exponent": candidate_exponent,
            "customer_exponent": customer_exponent,
            "low_pass": low_pass,
            "whitening": whitening,
            "self_weight": self_weight,
        }
        for name, value in given.items():
            if value is not None:
                require_range(name, value, 0, 10)
        super().__init__(dim=dim, half_life=half_life, actions=actions, seed=seed)
        self.fixed = {name: value for name, value in given.items() if value is not None}
        self.settings: dict[str, float] = self._at(DEFAULTS)

    def _prepare(self) -> None:
        self._eigenvalues: FloatArray | None = None
        self._exponent_of_counts: float | None = None

    def _assemble(self) -> None:
        exponent = self.settings["customer_exponent"]
        if exponent != self._exponent_of_counts:
            self.cooccurrence = Cooccurrence.of(self.history, self._weighted(exponent))
            self._exponent_of_counts = exponent
        self._set_filter(
            gain=self._gain(self.settings["whitening"]),
            left=self.settings["history_exponent"],
            right=self.settings["candidate_exponent"],
            low_left=0.5,
            low_right=0.5,
            slope=1.0,
            low_pass=self.settings["low_pass"],
        )

    def _gain(self, whitening: float) -> FloatArray:
        """[k] float32 weights of the directions; eigenvalues are made only where they count."""
        if not whitening:
            return np.ones(self.directions.shape[1], np.float32)
        if self._eigenvalues is None:
            self._eigenvalues = self._eigenvalues_of_directions()
        spans = self._eigenvalues > 0
        weakest = self._eigenvalues[spans].min(initial=1.0)
        gain = (weakest / np.where(spans, self._eigenvalues, 1.0)) ** whitening
        # Nothing for those that the history does not span.
        return np.where(spans, gain, 0.0).astype(np.float32)

    def _weighted(self, exponent: float) -> csr_array:
        """The history with each customer's row divided by a power of its sum, times s_g."""
        weighted = normalise(self.history, exponent, 0.0)
        activity = self.history.sum(axis=1, dtype=np.float64)
        total = np.sum(activity[activity > 0] ** (2 - exponent))
        weighted.data *= np.float32(activity.sum() / total if total else 1.0)
        return weighted

    def _choose(self, validate: Validate, repeats: bool) -> None:
        def quality(point: dict[str, float]) -> float:
            return self._quality(validate, self._at(point))

        settled = set(self.fixed) | (set() if repeats else {"self_weight", "total"})
        exponents = {"history_exponent", "candidate_exponent"} & settled
        if exponents:
            settled |= {"skew"} if len(exponents) == 1 else {"skew", "total"}
        candidates = {name: values for name, values in CANDIDATES.items() if name not in settled}
        self.settings = self._at(choose(quality, DEFAULTS, candidates))

    def _at(self, point: Mapping[str, float]) -> dict[str, float]:
        """Settings at a point of the search; given settings stay as they are."""
        total = point["total"]
        history = self.fixed.get("history_exponent", (total + point["skew"]) / 2)
        candidate = self.fixed.get("candidate_exponent", total - history)
        if "history_exponent" not in self.fixed:
            history = total - candidate
        # Rounded, so that 0.7 reads 0.7 in a configuration.
        return {
            "history_exponent": round(max(history, 0), 6),
            "candidate_exponent": round(max(candidate, 0), 6),
            "customer_exponent": point["customer_exponent"],
            "low_pass": point["low_pass"],
            "whitening": point["whitening"],
            "self_weight": point["self_weight"],
        } | self.fixed
