"""Touchpoint filter: what customers turn to within minutes, with signed actions; nothing to train.

With K the products' co-occurrence by time gap (`recsys.graph.time_gap`), B the customers who have
a product (0 or 1), E the products' numbers of events and h a customer's history, in which each
action has its weight and may have a negative one,

    F = E^-a (K^power + whole * (B' B)^power) E^-b,
    score = h (F + second * F T) + self_weight * h,

where powers of K and B' B are taken entry by entry, diagonals are zero, and T is F with each row
divided by its sum. It is the linear part of a graph filter (Shen et al., How Powerful is Graph
Convolution for Recommendation?, 2021) on edges between events rather than between customers and
products: a session of one purpose links its products, a life of many purposes links them less.
T goes one step further, to what is near to what is near; it fills lists that would stay short.

An offer that was shown and rejected or ignored pushes its neighbours away (negative weights); what
was never shown weighs nothing. K, B and E know only actions with a weight above 0.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.action_weights import event_action_weights
from recsys.graph.bipartite import interaction_matrix
from recsys.graph.time_gap import had_together, time_gap_pairs
from recsys.models.base import EventWeights, Validate, require_half_life, require_range
from recsys.models.choice import choose
from recsys.models.popularity import fallback
from recsys.models.recommends import Recommends
from recsys.models.sparse_product import add_product
from recsys.ops.csr import entry_rows

DEFAULTS = {
    "gap": 60.0, "power": 0.5, "history_exponent": 0.4, "candidate_exponent": 0.0, "whole": 0.02,
    "second": 0.1, "self_weight": 0.0,
}  # fmt: skip
CANDIDATES: dict[str, tuple[float, ...]] = {
    "gap": (15.0, 60.0, 300.0, 3600.0, 86_400.0),
    "power": (0.3, 0.5, 0.7, 1.0),
    "history_exponent": (0.0, 0.2, 0.4, 0.6, 0.8),
    "candidate_exponent": (-0.2, 0.0, 0.2, 0.4, 0.6),
    "whole": (0.0, 0.01, 0.02, 0.05, 0.2, 1.0),
    "second": (0.0, 0.03, 0.1, 0.3, 1.0),
    "self_weight": (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
}
"""What is tried on valid; own only where repeats count, gap only where there is a clock."""


class TouchpointFilter(Recommends):
    """The filter on time gaps. Settings left at None are chosen on valid, from `CANDIDATES`.

    Args:
        gap: seconds (positions of an order) within which events belong together.
        power: of the entries of K; below 1 the robots among customers weigh less.
        history_exponent: a, of product degrees on the side of the customer's history.
        candidate_exponent: b, on the side of the ranked product; negative favours popular ones.
        whole: weight of pairs at any distance in time.
        second: weight of the second step.
        self_weight: weight of the customer's own history.
        actions: weight of each action, also below 0; None for the default of
            `recsys.graph.action_weights`.
        half_life: days (positions of an order) after which an event of the history counts half.
        most_events: customers with more events stay out of K and B (robots); None for nobody.
    """

    history: csr_array
    bias: FloatArray

    def __init__(
        self,
        *,
        gap: float | None = None,
        power: float | None = None,
        history_exponent: float | None = None,
        candidate_exponent: float | None = None,
        whole: float | None = None,
        second: float | None = None,
        self_weight: float | None = None,
        actions: Mapping[str, float] | None = None,
        half_life: float | None = None,
        most_events: int | None = None,
    ) -> None:
        asked = {
            "gap": gap, "power": power, "history_exponent": history_exponent,
            "candidate_exponent": candidate_exponent, "whole": whole, "second": second,
            "self_weight": self_weight,
        }  # fmt: skip
        self.fixed = {name: value for name, value in asked.items() if value is not None}
        for name, value in self.fixed.items():
            low = -4 if name.endswith("exponent") else 0
            require_range(name, value, low, open_low=name in ("gap", "power"))
        require_half_life(half_life)
        if most_events is not None:
            require_range("most_events", most_events, 1)
        self.settings: dict[str, float] = DEFAULTS | self.fixed
        self.actions, self.half_life, self.most_events = actions, half_life, most_events

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
        liked, disliked = signed(self.actions)
        self.history = interaction_matrix(data, actions=liked, half_life=self.half_life)
        if disliked:
            against = interaction_matrix(data, actions=disliked, half_life=self.half_life)
            self.history = csr_array(self.history - against)
        self.bias = fallback(data)
        self._used = self._shaping(data, liked)
        products = data.interactions.products[self._used]
        self._degrees = np.maximum(np.bincount(products, minlength=len(data.products)), 1)
        self._pairs_at: dict[float, csr_array] = {}
        if validate is not None:
            self._choose(data, validate)
        self._assemble(data)
        # Those of every gap that was tried: scoring needs none.
        self._pairs_at.clear()
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """See `Recommender`."""
        rows = self.history[customers]
        scores: FloatArray = np.tile(self.bias, (rows.shape[0], 1))
        add_product(scores, rows, self.step)
        if self.settings["second"]:
            near = csr_array(rows @ self.step)
            add_product(scores, near * np.float32(self.settings["second"]), self.walk)
        if self.settings["self_weight"]:
            at = entry_rows(rows.indptr), rows.indices
            scores[at] += self.settings["self_weight"] * rows.data
        return scores

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """See `FilterRecommender`."""
        walked = products + self.settings["second"] * (self.walk @ products)
        spread: FloatArray = self.step @ walked + self.settings["self_weight"] * products
        return spread

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """See `FilterRecommender`."""
        near = self.step.T @ products
        spread: FloatArray = (
            near
            + self.settings["second"] * (self.walk.T @ near)
            + self.settings["self_weight"] * products
        )
        return spread

    def _choose(self, data: Dataset, validate: Validate) -> None:
        def quality(point: dict[str, float]) -> float:
            self.settings = point
            self._assemble(data)
            return validate(self.score)

        idle = set(self.fixed) | (set() if not data.filter_seen else {"self_weight"})
        idle |= set() if data.clock else {"gap"}
        open_ones = {name: values for name, values in CANDIDATES.items() if name not in idle}
        self.settings = choose(quality, self.settings, open_ones)

    def _shaping(self, data: Dataset, liked: Mapping[str, float] | None) -> BoolArray:
        """[E] bool, the events that K and B are made of."""
        events = data.interactions
        used = (event_action_weights(data, liked) > 0) & (events.products >= 0)
        if self.most_events is None:
            return used
        counts = np.bincount(events.customers[used], minlength=len(data.customers))
        found: BoolArray = used & (counts[events.customers] <= self.most_events)
        return found

    def _assemble(self, data: Dataset) -> None:
        settings = self.settings
        near = self._pairs(data, settings["gap"])
        near.data **= settings["power"]
        if settings["whole"]:
            whole = self._pairs(data, np.inf)
            whole.data = settings["whole"] * whole.data ** settings["power"]
            near = csr_array(near + whole)
        degrees = self._degrees.astype(np.float32)
        left, right = (
            degrees ** -settings[name] for name in ("history_exponent", "candidate_exponent")
        )
        rows = entry_rows(near.indptr)
        weights = near.data * left[rows] * right[near.indices]
        self.step = _like(near, weights)
        sums = np.bincount(rows, weights, minlength=len(degrees))
        self.walk = _like(near, weights / np.where(sums > 0, sums, 1)[rows])

    def _pairs(self, data: Dataset, gap: float) -> csr_array:
        """K, or with an infinite gap B' B; a copy, as the search asks again and again."""
        if gap not in self._pairs_at:
            self._pairs_at[gap] = (
                time_gap_pairs(data, self._used, gap=gap)
                if np.isfinite(gap)
                else had_together(data, self._used)
            )
        return self._pairs_at[gap].copy()


def signed(
    actions: Mapping[str, float] | None,
) -> tuple[Mapping[str, float] | None, Mapping[str, float]]:
    """Actions for and against a product, the latter with their weights turned positive."""
    if actions is None:
        return None, {}
    return (
        {name: weight for name, weight in actions.items() if not weight < 0},
        {name: -weight for name, weight in actions.items() if weight < 0},
    )


def _like(matrix: csr_array, weights: FloatArray) -> csr_array:
    return csr_array(
        (weights.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape
    )
