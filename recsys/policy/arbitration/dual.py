"""The prices of limits: the Lagrangian dual of a plan, minimised by a level method.

With a price for a place at each limited touchpoint and one for a euro of the budget, customers no
longer compete: each takes the offer with the highest value after charges, or none. What they then
earn, plus what the limits are worth at these prices, bounds every plan from above. The lowest such
bound is found by cutting planes in the few prices.
"""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.policy.arbitration.level_method import LevelMethod
from recsys.policy.arbitration.limits import Limits

_AT_ONCE = 1 << 14
"""Customers whose values fit the processor's cache in float64."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Prices:
    """Prices of limits.

    Attributes:
        places: [T] euros of a decision at each touchpoint; inf where it is closed.
        euro: price of a euro of the budget.
        bound: of the value of every plan.
    """

    places: FloatArray
    euro: float
    bound: float


def dual_bound(values: FloatArray, limits: Limits, places: FloatArray, euro: float) -> float:
    """The bound of every plan's value at the prices, summed in float64."""
    total, _ = _demand(values, places + euro * limits.costs)
    return total + _worth(limits, places, euro)


def lowest_prices(values: FloatArray, limits: Limits, tolerance: float, rounds: int) -> Prices:
    """The prices with the lowest bound.

    Args:
        values: [T, C] best value at each touchpoint, -inf where there is none.
        limits: of the plan.
        tolerance: the bound is at most this share above the lowest one, unless rounds run out.
        rounds: how many prices are tried.
    """
    closed = np.where(limits.is_closed, np.inf, 0.0)
    total, counts = _demand(values, closed)
    is_scarce = np.isfinite(limits.capacity) & ~limits.is_closed
    has_budget = bool(np.isfinite(limits.budget) and (limits.costs > 0).any())
    if (counts <= limits.capacity).all() and limits.left(counts) >= 0:
        return Prices(places=closed, euro=0.0, bound=total)
    scale, most = _scales(values, limits, is_scarce, has_budget)
    search = LevelMethod(np.zeros(len(scale)), most)

    def prices(point: FloatArray) -> tuple[FloatArray, float]:
        places, scaled = closed.copy(), point * scale
        places[is_scarce] = scaled[: is_scarce.sum()]
        return places, float(scaled[-1]) if has_budget else 0.0

    for _ in range(rounds):
        places, euro = prices(search.point)
        total, counts = _demand(values, places + euro * limits.costs)
        slope = np.append(
            (limits.capacity - counts)[is_scarce],
            [limits.budget - counts @ limits.costs] if has_budget else [],
        )
        search.add(total + _worth(limits, places, euro), slope * scale)
        if not search.advance(tolerance):
            break
    places, euro = prices(search.best)
    return Prices(places=places, euro=euro, bound=search.upper)


def _demand(values: FloatArray, charges: FloatArray) -> tuple[float, FloatArray]:
    """Sum of what customers gain at the charges, and [T] how many choose each touchpoint."""
    count = values.shape[1]
    total, counts = 0.0, np.zeros(len(charges))
    open_ = np.flatnonzero(charges < np.inf)
    for first in range(0, count, _AT_ONCE):
        part = values[:, first : first + _AT_ONCE]
        best, surplus = np.zeros(part.shape[1]), np.empty(part.shape[1])
        chosen = np.full(part.shape[1], len(charges), np.int8)
        for touchpoint in open_:
            np.subtract(part[touchpoint], charges[touchpoint], out=surplus)
            np.copyto(chosen, touchpoint, where=surplus > best, casting="unsafe")
            np.maximum(best, surplus, out=best)
        total += float(best.sum())
        counts += np.bincount(chosen, minlength=len(charges) + 1)[:-1]
    return total, counts


def _worth(limits: Limits, places: FloatArray, euro: float) -> float:
    priced = (places > 0) & (places < np.inf)
    worth = float(places[priced] @ limits.capacity[priced])
    return worth + (euro * limits.budget if euro > 0 else 0.0)


def _scales(
    values: FloatArray, limits: Limits, is_scarce: BoolArray, has_budget: bool
) -> tuple[FloatArray, FloatArray]:
    """[m] a usual size of each price, and [m] the highest price in that unit."""
    is_value = np.isfinite(values)
    largest = np.where(is_value, values, 0).max(axis=1, initial=0).astype(np.float64)
    usual = np.array(
        [float(row[present].mean()) if present.any() else 1.0
         for row, present in zip(values, is_value, strict=True)]
    )  # fmt: skip
    scale, most = usual[is_scarce], largest[is_scarce]
    if has_budget:
        costly = limits.costs > 0
        scale = np.append(scale, np.median(usual[costly] / limits.costs[costly]))
        most = np.append(most, (largest[costly] / limits.costs[costly]).max())
    return scale, most / scale
