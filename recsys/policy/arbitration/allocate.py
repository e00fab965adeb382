"""One decision a customer under capacities and a budget, with the prices of the limits."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.arbitration.admission import admitted
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.dual import dual_bound, lowest_prices
from recsys.policy.arbitration.exchange import Exchange
from recsys.policy.arbitration.limits import Limits


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """At most one decision a customer.

    A price is an interval: `prices_low` is what one place more would earn (with a single limit the
    best value that was refused), `prices_high` what one place less would lose (the least that was
    admitted). Both ends support the plan. `prices` lie inside, where no customer is indifferent who
    need not be, so that rounding decides nothing; for a single limit that is the middle.

    Attributes:
        chosen: [C] column of the candidate of each customer, -1 for none.
        prices: [T] euros of a decision at each touchpoint; 0 where places are left or unlimited,
            inf where not one decision fits.
        prices_low: [T], at least 0.
        prices_high: [T].
        budget_price: euros that one euro more of the budget would earn, about.
        charges: [T] prices plus budget price times costs, for `choose`.
        objective: euros of the plan.
        dual_bound: euros that no plan exceeds.
    """

    chosen: IntArray
    prices: FloatArray
    prices_low: FloatArray
    prices_high: FloatArray
    budget_price: float
    charges: FloatArray
    objective: float
    dual_bound: float

    @property
    def gap(self) -> float:
        """By which share the plan may fall short of the best one."""
        return max(0.0, 1 - self.objective / self.dual_bound) if self.dual_bound > 0 else 0.0


def arbitrate(
    candidates: Candidates, limits: Limits, *, tolerance: float = 1e-7, rounds: int = 500
) -> Plan:
    """The plan with the highest sum of values within the limits.

    Prices come from the Lagrangian dual, places go by rank at these prices, and exchanges between
    touchpoints improve the plan. Without a budget it is the best plan; with one, the gap to the
    dual bound says how far it can be from it. Only positive values are chosen. Deterministic: of
    equal candidates at a touchpoint the first of the list is chosen, of customers with equal claims
    the lowest rows.

    Args:
        candidates: of C customers, such as from `best_candidates`.
        limits: over the T touchpoints of the candidates.
        tolerance: how far above the lowest bound the search for prices may stop, as a share.
        rounds: how many prices are tried at most.

    Raises:
        InputError: a candidate's touchpoint is not among those of the limits, or a value is NaN or
            inf.
    """
    values = values_by_touchpoint(candidates, len(limits.capacity))
    prices = lowest_prices(values, limits, tolerance, rounds)
    assigned = admitted(values, limits, prices.places + prices.euro * limits.costs)
    exchange = Exchange(values, limits, assigned, prices.euro)
    exchange.improve()
    return finished_plan(candidates, exchange, prices.bound)


def finished_plan(candidates: Candidates, exchange: Exchange, bound: float) -> Plan:
    """The plan of an exchange, with the prices that it supports.

    Args:
        candidates: of the customers.
        exchange: with who goes where.
        bound: of the value of every plan.
    """
    values, limits, assigned = exchange.values, exchange.limits, exchange.assigned
    support = exchange.support()
    rows = np.flatnonzero(assigned >= 0)
    objective = float(values[assigned[rows], rows].sum(dtype=np.float64))
    bound = min(bound, dual_bound(values, limits, support.prices, support.euro))
    return Plan(
        chosen=_columns(candidates, values, assigned),
        prices=support.prices,
        prices_low=support.low,
        prices_high=support.high,
        budget_price=support.euro,
        charges=support.prices + support.euro * limits.costs,
        objective=objective,
        # Sums may differ in the last digits.
        dual_bound=max(bound, objective),
    )


def choose(values: FloatArray, touchpoints: IntArray, charges: FloatArray) -> IntArray:
    """What customers are offered one by one, at the charges of a plan.

    Args:
        values: [..., K] net values of candidates, -inf for none.
        touchpoints: [..., K] their touchpoints.
        charges: [T] of a plan.

    Returns:
        [...] column of the candidate with the highest value after its charge, the first of equal
        ones; -1 where no value exceeds its charge.
    """
    surplus = values - charges[touchpoints]
    best = surplus.argmax(axis=-1)
    is_worth = np.take_along_axis(surplus, best[..., None], axis=-1)[..., 0] > 0
    return np.where(is_worth, best, -1)


def values_by_touchpoint(candidates: Candidates, count: int) -> FloatArray:
    """[T, C] float64 the highest positive value at each touchpoint, -inf where there is none.

    Limits price touchpoints, so that no plan needs a customer's second best offer at one.
    """
    is_listed = candidates.offers >= 0
    outside = is_listed & ((candidates.touchpoints < 0) | (candidates.touchpoints >= count))
    if outside.any():
        raise InputError(
            f"candidates.touchpoints: expected rows of the {count} touchpoints of the limits, "
            f"got {candidates.touchpoints[outside][0]}"
        )
    if not (candidates.values < np.inf).all():
        raise InputError("candidates.values: expected finite numbers; -inf leaves a candidate out")
    values = np.full((count, len(candidates)), -np.inf)
    rows, flat = np.arange(len(candidates)), values.ravel()
    for column in range(candidates.values.shape[1]):
        worth = candidates.values[:, column]
        is_worth = is_listed[:, column] & (worth > 0)
        cells = rows + candidates.touchpoints[:, column].astype(np.int64) * len(rows)
        cells = cells[is_worth]
        flat[cells] = np.maximum(flat[cells], worth[is_worth])
    return values


def _columns(candidates: Candidates, values: FloatArray, assigned: IntArray) -> IntArray:
    """[C] the first candidate with the best value at the assigned touchpoint, -1 for none."""
    best = values[assigned, np.arange(len(assigned))]
    is_best = candidates.touchpoints == assigned[:, None]
    is_best &= candidates.values == best[:, None]
    return np.where(assigned >= 0, is_best.argmax(axis=1), -1)
