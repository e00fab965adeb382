"""The best candidates of a tile of customers among all offers, touchpoints and dayparts, exactly.

Acceptance is additive in the log odds: an offer's part for the customer, a touchpoint's part for
the customer, and the offer's part at the touchpoint. Odds then multiply, so that the exponentials
are taken of the parts and each of the O x T x D pairs costs a product and a quotient.
"""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops.topk import topk
from recsys.policy.arbitration.candidates import Candidates

_LARGEST = 25.0
"""Log odds above this count as this, so that products of odds stay float32; p differs by 1e-11."""


def best_candidates(
    logits: FloatArray,
    touchpoint_logits: FloatArray,
    offer_logits: FloatArray,
    gains: FloatArray,
    costs: FloatArray,
    k: int,
) -> Candidates:
    """The candidates of a tile: for each touchpoint its best offer, then the best of the rest.

    P(accept) of offer o at touchpoint t and daypart d is
    sigmoid(logits[b, o] + touchpoint_logits[b, t, d] + offer_logits[o, t, d]), its net value
    gains * P - costs[t]. Of each offer at a touchpoint only the best daypart counts. Only positive
    values are kept.

    As limits price touchpoints and costs, never single offers, no plan needs a customer's second
    best offer at a touchpoint: `arbitrate` over these candidates reaches the best plan over all
    pairs, and no limit empties a list. The other candidates serve exploration and shorter lists.

    Args:
        logits: [B, O] float32 log odds of an acceptance without the touchpoint; -inf where rules
            refuse the offer to the customer.
        touchpoint_logits: [B, T, D] float32, what a touchpoint and daypart add for a customer; -inf
            where the customer may not be contacted.
        offer_logits: [O, T, D] float32, what they add for an offer; -inf where it is not made.
        gains: [O] or [B, O] float32 euros of an acceptance, see `gain`.
        costs: [T] euros of a decision at each touchpoint.
        k: how many candidates to keep, at least T.

    Returns:
        [B, k], best first; equal values by ascending offer, then touchpoint. Of equal offers at a
        touchpoint the lowest row is the best, of equal dayparts the earliest.

    Raises:
        InputError: k is below T, or a number is NaN.
    """
    touchpoints = len(costs)
    if k < touchpoints:
        raise InputError(
            f"k: expected at least the {touchpoints} touchpoints, so that each keeps its best "
            f"offer, got {k}"
        )
    tile = _Tile(
        offer_odds=_against(logits),
        touchpoint_odds=_against(touchpoint_logits),
        pair_odds=_against(offer_logits),
        gains=np.broadcast_to(np.asarray(gains, np.float32), logits.shape),
        costs=np.asarray(costs, np.float32),
    )
    # Odds may overflow to inf, which is a probability of 0.
    with np.errstate(over="ignore"):
        best_offers, best_values = tile.best()
        top = np.sort(topk(best_values, k).columns, axis=1)
        return tile.chosen(best_offers, top, k)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tile:
    """Odds against an acceptance (1 - p) / p as factors, inf where it is refused.

    Attributes:
        offer_odds: [B, O].
        touchpoint_odds: [B, T, D].
        pair_odds: [O, T, D].
        gains: [B, O].
        costs: [T].
    """

    offer_odds: FloatArray
    touchpoint_odds: FloatArray
    pair_odds: FloatArray
    gains: FloatArray
    costs: FloatArray

    def best(self) -> tuple[IntArray, FloatArray]:
        """[B, T] best offer of each touchpoint, and [B, O] value at each offer's best one."""
        shape = self.offer_odds.shape
        best_values = np.full(shape, -np.inf, np.float32)
        best_offers = np.zeros((shape[0], len(self.costs)), np.int64)
        buffers = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for touchpoint, cost in enumerate(self.costs):
            is_open = (self.touchpoint_odds[:, touchpoint] < np.inf).any(axis=1)
            # A slice where possible: rows by number are copied.
            rows = slice(None) if is_open.all() else np.flatnonzero(is_open)
            values = self._values_at(touchpoint, rows, *(part[: is_open.sum()] for part in buffers))
            values -= cost
            best_offers[rows, touchpoint] = values.argmax(axis=1)
            best_values[rows] = np.maximum(best_values[rows], values, out=values)
        return best_offers, best_values

    def _values_at(
        self, touchpoint: int, rows: slice | IntArray, odds: FloatArray, other: FloatArray
    ) -> FloatArray:
        """[n, O] gain * P at the best daypart, in the buffer `odds`."""
        of_pairs = np.ascontiguousarray(self.pair_odds[:, touchpoint].T)  # [D, O]
        for daypart in range(len(of_pairs)):
            product = other if daypart else odds
            np.multiply(
                self.touchpoint_odds[rows, touchpoint, daypart, None],
                of_pairs[daypart],
                out=product,
            )
            if daypart:
                np.minimum(odds, other, out=odds)
        odds *= self.offer_odds[rows]
        odds += 1
        return np.divide(self.gains[rows], odds, out=odds)

    def chosen(self, best_offers: IntArray, top: IntArray, k: int) -> Candidates:
        """The best offer of each touchpoint, then the best pairs of the offers `top` [B, n].

        The k best pairs are among the k offers with the highest value at their best touchpoint.
        """
        count, touchpoints = best_offers.shape
        offers = np.concatenate([best_offers, top], axis=1)  # [B, n]
        odds, dayparts = self._pairs(offers)
        rows = np.arange(count)[:, None]
        p = 1 / (1 + odds)
        values = self.gains[rows, offers][:, :, None] * p - self.costs  # [B, n, T]
        values = np.where(values > 0, values, -np.inf).astype(np.float32)
        rank = values.copy()
        of_best, at_best = rank[:, :touchpoints], np.arange(touchpoints)
        best_values = values[:, at_best, at_best]
        of_best[:] = -np.inf
        of_best[:, at_best, at_best] = np.where(best_values > 0, np.inf, -np.inf)
        # A best offer among the top ones is listed already, and -1 is none.
        rank[:, touchpoints:][
            (top[:, :, None] == best_offers[:, None]) | (top < 0)[..., None]
        ] = -np.inf
        columns = topk(rank.reshape(count, -1), k).columns
        columns = np.pad(columns, ((0, 0), (0, k - columns.shape[1])), constant_values=-1)
        offer, touchpoint = offers[rows, columns // touchpoints], columns % touchpoints
        is_none = columns < 0
        chosen = np.where(is_none, -np.inf, values.reshape(count, -1)[rows, columns])
        code = np.where(is_none, np.iinfo(np.int64).max, offer * touchpoints + touchpoint)
        order = np.argsort(code, axis=1)
        order = order[rows, np.argsort(-chosen[rows, order], axis=1, kind="stable")]
        columns, is_none = columns[rows, order], is_none[rows, order]

        def ordered(array: IntArray, none: int, kind: type[np.generic]) -> IntArray:
            return np.where(is_none, none, array).astype(kind)

        return Candidates(
            offers=ordered(offer[rows, order], -1, np.int32),
            touchpoints=ordered(touchpoint[rows, order], -1, np.int8),
            dayparts=ordered(dayparts.reshape(count, -1)[rows, columns], -1, np.int8),
            probabilities=np.where(is_none, 0, p.reshape(count, -1)[rows, columns]),
            values=chosen[rows, order].astype(np.float32),
        )

    def _pairs(self, offers: IntArray) -> tuple[FloatArray, IntArray]:
        """[B, n, T] odds against at the best daypart of each, and that daypart."""
        by_daypart = self.touchpoint_odds[:, None] * self.pair_odds[offers]  # [B, n, T, D]
        dayparts = by_daypart.argmin(axis=3)
        odds = np.take_along_axis(by_daypart, dayparts[..., None], axis=3)[..., 0]
        odds *= np.take_along_axis(self.offer_odds, offers, axis=1)[:, :, None]
        return odds, dayparts


def _against(logits: FloatArray) -> FloatArray:
    # Log odds of -inf, refused, become odds of inf; no finite factor is 0, so inf * 0 is not met.
    with np.errstate(over="ignore"):
        return np.exp(-np.minimum(logits, _LARGEST, dtype=np.float32))
