"""Admission by rank: who gets a place at given prices, so that every limit holds exactly."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.policy.arbitration.choices import choices
from recsys.policy.arbitration.limits import Limits

_EQUAL = 1e-6
"""By this share of the highest charge, surpluses may differ that count as equal: where many
customers have equal values, prices that are off by a last digit must not send all to one side."""


def admitted(values: FloatArray, limits: Limits, charges: FloatArray) -> IntArray:
    """[C] int8 touchpoint of each customer, -1 for none, within all limits.

    At the right prices nearly everybody gets what they prefer. Where more customers prefer a
    touchpoint than it has places, those with the largest regret are admitted, of equal ones the
    first rows; the others choose again among what is left. Where the budget is exceeded, those
    who earn least for each euro leave, of equal ones the last rows. What then remains is filled by
    value.

    Args:
        values: [T, C] best value at each touchpoint, -inf where there is none.
        limits: of the plan.
        charges: [T] prices at which customers prefer.
    """
    assigned = np.full(values.shape[1], -1, np.int8)
    _fill_by_regret(assigned, np.arange(len(assigned)), values, limits, charges)
    left = limits.left(_counts(assigned, limits))
    if left < 0:
        removed = _dearest(assigned, values, limits, charges, -left)
        assigned[removed] = -1
        costly = np.where(limits.costs > 0, np.inf, 0.0)
        _fill_by_regret(assigned, removed, values, limits, charges + costly)
    _fill_by_value(assigned, values, limits)
    return assigned


def _counts(assigned: IntArray, limits: Limits) -> FloatArray:
    counts = np.bincount(assigned[assigned >= 0], minlength=len(limits.costs))
    return counts.astype(np.float64)


def _fill_by_regret(
    assigned: IntArray, waiting: IntArray, values: FloatArray, limits: Limits, charges: FloatArray
) -> None:
    """Assigns waiting customers (rows, ascending) within the capacities, in rounds.

    Each round in which somebody is refused fills a touchpoint, which closes it for the next.
    """
    left = limits.capacity - _counts(assigned, limits)
    while len(waiting):
        open_charges = np.where(left < 1, np.inf, charges)
        preferred = choices(
            values[:, waiting], open_charges, _EQUAL * charges[charges < np.inf].max(initial=0)
        )
        refused = []
        for touchpoint in range(len(charges)):
            chosen = np.flatnonzero(preferred.touchpoints == touchpoint)
            places = int(min(left[touchpoint], len(chosen)))
            if places < len(chosen):
                order = np.argsort(-preferred.regret[chosen], kind="stable")
                refused.append(waiting[chosen[order[places:]]])
                chosen = chosen[order[:places]]
            assigned[waiting[chosen]] = touchpoint
            left[touchpoint] -= places
        waiting = np.sort(np.concatenate(refused)) if refused else waiting[:0]


def _dearest(
    assigned: IntArray, values: FloatArray, limits: Limits, charges: FloatArray, euros: float
) -> IntArray:
    """Rows, ascending, of those to remove so that so many euros are saved."""
    rows = np.flatnonzero((assigned >= 0) & (limits.costs[assigned] > 0))
    free = np.where(limits.costs > 0, np.inf, charges)
    costs = limits.costs[assigned[rows]]
    loss = values[assigned[rows], rows] - choices(values[:, rows], free).surplus
    order = np.lexsort((-rows, loss / costs))
    count = int(np.searchsorted(np.cumsum(costs[order]), euros)) + 1
    return np.sort(rows[order[:count]])


def _fill_by_value(assigned: IntArray, values: FloatArray, limits: Limits) -> None:
    """Gives places that are left to customers who have nothing, highest values first."""
    for touchpoint, cost in enumerate(limits.costs):
        counts = _counts(assigned, limits)
        places = limits.capacity[touchpoint] - counts[touchpoint]
        if cost > 0:
            places = min(places, np.floor(max(limits.left(counts), 0) / cost))
        waiting = np.flatnonzero((assigned < 0) & (values[touchpoint] > 0))
        order = np.argsort(-values[touchpoint, waiting], kind="stable")
        assigned[waiting[order[: int(min(places, len(waiting)))]]] = touchpoint
