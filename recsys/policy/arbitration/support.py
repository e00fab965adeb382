"""The prices that a plan supports: those at which it is what customers prefer."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.policy.arbitration.limits import Limits


@dataclass(frozen=True, kw_only=True, eq=False)
class Support:
    """Prices of a plan's limits.

    Attributes:
        prices: [T] euros of a place, between the two ends.
        low: [T] euros that one place more would earn.
        high: [T] euros that one place less would lose; inf where there is none to lose.
        euro: price of a euro of the budget.
    """

    prices: FloatArray
    low: FloatArray
    high: FloatArray
    euro: float


def supported(paths: FloatArray, has_room: BoolArray, limits: Limits, euro: float) -> Support:
    """The prices that a plan supports which no path improves.

    Where one customer moves along a path, and others make room, the prices of its ends differ by at
    least what the path gains. All such prices form a polyhedron with a lowest and a highest point.

    Args:
        paths: [T + 1, T + 1] most that a path from a touchpoint to another gains, see `Exchange`;
            the last is "none".
        has_room: [T + 1] whether it takes one more customer.
        limits: of the plan.
        euro: price of a euro of the budget, about.
    """
    costs = np.append(limits.costs, 0.0)
    changes = costs - costs[:, None]
    euro = _within_its_ends(paths, changes, has_room, euro)
    # With -inf for "no path" and a price, the difference is -inf again.
    reduced = paths - euro * changes
    earns = reduced.max(axis=0)[:-1]
    loses = -reduced[:, has_room].max(axis=1)[:-1]
    free, closed = has_room[:-1], limits.is_closed
    # Each full touchpoint gives prices at which its own place is as dear as can be; `earns` are
    # those at which all are cheapest. In their mean nothing is tied that need not be.
    full = np.flatnonzero(~free & ~closed)
    dearest = np.maximum(reduced[full, :-1], earns - loses[full, None]) + loses[full, None]
    prices = np.vstack([earns, dearest]).mean(axis=0)
    # A budget that does not come out even can leave the ends in the wrong order, or one below 0.
    low = np.where(free, 0, np.clip(loses, 0, earns))
    high = np.where(closed, np.inf, np.where(free, 0, np.maximum(earns, loses)))
    prices = np.where(closed, np.inf, np.clip(prices, low, high) + 0.0)  # no -0.0
    return Support(prices=prices, low=low, high=high, euro=euro)


def _within_its_ends(
    paths: FloatArray, changes: FloatArray, has_room: BoolArray, euro: float
) -> float:
    """The price of a euro, moved between what one more would earn and one less would lose."""
    possible = has_room & np.isfinite(paths)
    more, less = possible & (changes > 0), possible & (changes < 0)
    least = np.max(paths[more] / changes[more], initial=0.0)
    most = np.min(paths[less] / changes[less], initial=np.inf)
    return float(np.clip(euro, least, most)) if least <= most else euro
