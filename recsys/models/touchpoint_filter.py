"""Touchpoint filter: products seen within minutes of each other, with signed actions; no training.

Let K be the co-occurrence of products by time gap (`recsys.graph.time_gap`), B the customers who
have a product (0 or 1), E the number of events of each product and h a customer's history, in which
an action may have a negative weight. Then

    F = E^-a (K^power + whole * (B' B)^power) E^-b,
    score = h (F + second * F T) + self_weight * h,

where powers of K and B' B are taken entry by entry, diagonals are zero, and T is F with each row
divided by its sum. It is the linear part of a graph filter (Shen et al., How Powerful is Graph
Convolution for Recommendation?, 2021) on edges between events rather than between customers and
products: products of one session are linked more closely than products of one customer. T goes one
step further, to the neighbours of neighbours, which fills lists that would stay short.

An offer that was shown and rejected or ignored lowers the scores of its neighbours (a negative
weight); a product that was never shown has no weight. K, B and E count only actions with a weight
above 0.
"""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.graph.action_weights import event_action_weights
from recsys.graph.bipartite import interaction_matrix
from recsys.graph.time_gap import time_gap_pairs
from recsys.models.base import EventWeights, Validate, require_half_life, require_range
from recsys.models.choice import choose
from recsys.models.cooccurrence import scaled_columns
from recsys.models.dense_scores import add_history
from recsys.models.popularity import fallback
from recsys.models.product_links import ProductLinks, SharedProducts
from recsys.models.recommends import Recommends

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
"""Values tried on valid; self_weight only where repeats count, gap only where there is a clock."""


class TouchpointFilter(Recommends):
    """Ranks products by a filter on time gaps between events.

    Settings that are None are chosen on valid, one after the other, from `CANDIDATES`; without
    validation data they take `DEFAULTS`.

    Args:
        gap: seconds (positions of an order) within which events belong together.
        power: exponent of the entries of K; below 1 very active customers (robots) weigh less.
        history_exponent: a, exponent of the degrees of the products in the history.
        candidate_exponent: b, exponent of the degree of the ranked product; below 0 it favours
            popular products.
        whole: weight of pairs of a customer's products at any distance in time.
        second: weight of the second step.
        self_weight: weight of the customer's history itself.
        actions: weight of each action, which may be below 0; None for the default of
            `recsys.graph.action_weights`.
        half_life: days (positions of an order) after which an event of the history counts half;
            None for never.
        most_events: customers with more events are left out of K and B (robots); None for nobody.

    Raises:
        InputError: an argument is out of range.
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
        given = {
            "gap": gap, "power": power, "history_exponent": history_exponent,
            "candidate_exponent": candidate_exponent, "whole": whole, "second": second,
            "self_weight": self_weight,
        }  # fmt: skip
        self.fixed = {name: value for name, value in given.items() if value is not None}
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
        """The settings in use, given or chosen on valid, by name."""
        return dict(self.settings)

    @property
    def event_weights(self) -> EventWeights:
        """How the events in the history count."""
        return EventWeights(actions=self.actions, half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Fits the model to the events of `data`, and chooses open settings by `validate`."""
        liked, disliked = signed(self.actions)
        self.history = interaction_matrix(data, actions=liked, half_life=self.half_life)
        if disliked:
            against = interaction_matrix(data, actions=disliked, half_life=self.half_life)
            self.history = csr_array(self.history - against)
        self.bias = fallback(data)
        self._used = self._shaping(data, liked)
        products = data.interactions.products[self._used]
        self._degrees = np.maximum(np.bincount(products, minlength=len(data.products)), 1)
        self._near_at: dict[float, csr_array] = {}
        self._shared: SharedProducts | None = None
        self._linked_by: tuple[float, ...] | None = None
        if validate is not None:
            self._choose(data, validate)
        self._assemble(data)
        # Scoring needs the links alone.
        self._near_at.clear()
        self._shared = None
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q]; the touchpoint makes no difference."""
        rows = self.history[customers]
        scores = np.zeros(rows.shape, np.float32)
        self._links.add_to(scores, scaled_columns(rows, self._left))
        if self.settings["second"]:
            self._links.add_next(scores, scores.copy(), self._onward)
        scores *= self._right
        scores += self.bias
        add_history(scores, rows, self.settings["self_weight"])
        return scores

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """Filter @ products, for products [P, n] float32."""
        return self._filtered(products, self._left, self._right)

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """filter.T @ products, for products [P, n] float32."""
        return self._filtered(products, self._right, self._left)

    def _filtered(self, products: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
        near = self._links @ (right[:, None] * products)
        if self.settings["second"]:
            near += self._links @ (self._onward[:, None] * near)
        filtered: FloatArray = left[:, None] * near
        filtered += np.float32(self.settings["self_weight"]) * products
        return filtered

    def _choose(self, data: Dataset, validate: Validate) -> None:
        def quality(point: dict[str, float]) -> float:
            self.settings = point
            self._assemble(data)
            return validate(self.score)

        settled = set(self.fixed) | (set() if data.ranks_repeats else {"self_weight"})
        settled |= set() if data.clock else {"gap"}
        candidates = {name: values for name, values in CANDIDATES.items() if name not in settled}
        self.settings = choose(quality, self.settings, candidates)

    def _shaping(self, data: Dataset, liked: Mapping[str, float] | None) -> BoolArray:
        """[E] bool, the events that K and B are computed from."""
        events = data.interactions
        used = (event_action_weights(data, liked) > 0) & (events.products >= 0)
        if self.most_events is None:
            return used
        counts = np.bincount(events.customers[used], minlength=len(data.customers))
        return used & (counts[events.customers] <= self.most_events)

    def _assemble(self, data: Dataset) -> None:
        """Makes what scores need of the settings in use.

        With M of `recsys.models.product_links`, F = E^-a M E^-b, and the sums that T is divided by
        are E^-a M E^-b 1, so that second * F T = E^-a M diag(onward) M E^-b.
        """
        self._link(data)
        degrees = self._degrees.astype(np.float32)
        self._left, self._right = (
            degrees ** -self.settings[name] for name in ("history_exponent", "candidate_exponent")
        )
        sums = (self._links @ self._right[:, None])[:, 0]
        self._onward = self.settings["second"] * self._right / np.where(sums > 0, sums, 1)

    def _link(self, data: Dataset) -> None:
        """Links products, unless they are linked by the settings in use already."""
        gap, power, whole = by = tuple(self.settings[name] for name in ("gap", "power", "whole"))
        if by == self._linked_by:
            return
        if gap not in self._near_at:
            self._near_at[gap] = time_gap_pairs(data, self._used, gap=gap)
        if whole and self._shared is None:
            self._shared = SharedProducts.of(data, self._used)
        shared = self._shared if whole else None
        self._links = ProductLinks(self._near_at[gap], shared, power, whole)
        self._linked_by = by


def signed(
    actions: Mapping[str, float] | None,
) -> tuple[Mapping[str, float] | None, Mapping[str, float]]:
    """Weights of the actions for a product, and absolute weights of those against it.

    Args:
        actions: weight of each action; None for the default, without any action against.
    """
    if actions is None:
        return None, {}
    return (
        {name: weight for name, weight in actions.items() if not weight < 0},
        {name: -weight for name, weight in actions.items() if weight < 0},
    )
