"""Spectral filter: a plateau-shaped filter on the product-product graph, with nothing to train.

Kim, Sung, Han and Lee, Graph Spectral Filtering with Chebyshev Interpolation for Recommendation
(ChebyCF, 2025). Let P = E^-1/2 R' D^-1 R E^-1/2 for the history R, its customer degrees D and
product degrees E, with eigenvalues from 0 to 1. The score of a customer's row r is

    r E^-b (h(P) + low_pass * V V') E^(b + popularity) + self_weight * r,
    h(x) = 1/2 + sign(2x - 1) |2x - 1|^flatness / 2,

where V holds the eigenvectors of the `dim` largest eigenvalues. h is linear for a flatness of 1; a
larger one lifts the small eigenvalues, lowers the large ones, and so is nearly flat in between.

Deviations: the paper takes a polynomial of order K in P that interpolates h, and applies it by K
sparse products to each customer. Here h is exact on V, and below the last of the `dim` eigenvalues,
where h is almost straight, it is a line through 0: one sparse and one dense product, as in
`recsys.models.graph_filter`. The last two terms are additions for catalogues where people buy the
same product again.
"""

from collections.abc import Mapping

import numpy as np

from recsys.arrays import FloatArray
from recsys.graph.bipartite import normalise
from recsys.models.base import Validate, require_range
from recsys.models.choice import choose
from recsys.models.cooccurrence import Cooccurrence
from recsys.models.two_part_filter import TwoPartModel

DEFAULTS = {
    "exponent": 0.4, "flatness": 1.5, "low_pass": 0.2, "popularity": 0.0, "self_weight": 0.0,
}  # fmt: skip
CANDIDATES: dict[str, tuple[float, ...]] = {
    "exponent": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    "flatness": (1.0, 1.5, 2.0, 4.0, 8.0, 16.0),
    "low_pass": (0.0, 0.1, 0.2, 0.3, 0.5, 1.0),
    "popularity": (0.0, 0.2, 0.4, 0.6, 0.8),
    "self_weight": (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
}
"""Values tried on valid; popularity and self_weight only where repeats count. `DEFAULTS` are the
paper's settings for Gowalla."""


class SpectralFilter(TwoPartModel):
    """Ranks products by a filter that is flat in the middle of the graph's spectrum.

    Settings that are None are chosen on valid, one after the other, from `CANDIDATES`; without
    validation data they take `DEFAULTS`.

    Args:
        exponent: b, of product degrees before and after the filter; higher ones favour products
            that many have, and let the rare ones of the history count for more.
        flatness: exponent of h; 1 is the linear filter of GF-CF.
        low_pass: weight of the first eigenvectors beside h.
        popularity: added to the exponent after the filter.
        self_weight: weight of the customer's history itself.
        dim: number of eigenvectors; more than the rank have no effect.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
        seed: of the randomised SVD.

    Attributes:
        directions: V, [P, k] float32.

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(
        self,
        *,
        exponent: float | None = None,
        flatness: float | None = None,
        low_pass: float | None = None,
        popularity: float | None = None,
        self_weight: float | None = None,
        dim: int = 512,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        given = {
            "exponent": exponent,
            "flatness": flatness,
            "low_pass": low_pass,
            "popularity": popularity,
            "self_weight": self_weight,
        }
        self.fixed = {name: value for name, value in given.items() if value is not None}
        for name, value in self.fixed.items():
            most = 2 if name in ("exponent", "popularity") else 100
            require_range(name, value, 0, most, open_low=name == "flatness")
        super().__init__(dim=dim, half_life=half_life, actions=actions, seed=seed)
        self.settings: dict[str, float] = DEFAULTS | self.fixed

    def _prepare(self) -> None:
        self._eigenvalues = self._eigenvalues_of_directions()
        self.cooccurrence = Cooccurrence.of(self.history, normalise(self.history, 1.0, 0.0))

    def _choose(self, validate: Validate, repeats: bool) -> None:
        def quality(point: dict[str, float]) -> float:
            return self._quality(validate, point)

        settled = set(self.fixed) | (set() if repeats else {"popularity", "self_weight"})
        candidates = {name: values for name, values in CANDIDATES.items() if name not in settled}
        self.settings = choose(quality, self.settings, candidates)

    def _assemble(self) -> None:
        settings, values = self.settings, self._eigenvalues
        response = plateau(values, settings["flatness"])
        slope = _slope(values, response, settings["flatness"])
        gain = response - slope * values + settings["low_pass"]
        right = settings["exponent"] + settings["popularity"]
        self._set_filter(
            gain=np.where(values > 0, gain, 0.0).astype(np.float32),
            left=settings["exponent"] + 0.5,
            right=0.5 - right,
            low_left=settings["exponent"],
            low_right=right,
            slope=slope,
            low_pass=1.0,
        )


def plateau(values: FloatArray, flatness: float) -> FloatArray:
    """H [k] of eigenvalues [k] from 0 to 1, see the formula above."""
    centred = 2 * values.astype(np.float64) - 1
    shaped: FloatArray = 0.5 + 0.5 * np.sign(centred) * np.abs(centred) ** flatness
    return shaped


def _slope(values: FloatArray, response: FloatArray, flatness: float) -> float:
    """Of the line through 0 that takes the place of h below the last eigenvalue."""
    last = np.flatnonzero(values > 0)[-1:]
    return float(response[last[0]] / values[last[0]]) if len(last) else flatness
