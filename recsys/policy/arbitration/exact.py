"""The exact plan by mixed-integer programming (HiGHS in SciPy), for small instances."""

from typing import Any

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.arbitration.allocate import Plan, arbitrate, finished_plan, values_by_touchpoint
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.exchange import Exchange
from recsys.policy.arbitration.limits import Limits

MOST_PAIRS = 100_000
"""Candidates that an exact plan takes."""

_WHOLE = 1e-6
_SMALL_GAP = 1e-4


def best_plan(candidates: Candidates, limits: Limits, *, seconds: float = 60.0) -> Plan:
    """The plan of `arbitrate`; of few candidates and with a gap over .01 % that of `exact_plan`.

    Args:
        candidates: of C customers.
        limits: over their T touchpoints.
        seconds: after which the search for the exact plan is given up.

    Raises:
        InputError: as for `arbitrate`.
    """
    plan = arbitrate(candidates, limits)
    if plan.gap <= _SMALL_GAP:
        return plan
    try:
        return exact_plan(candidates, limits, seconds=seconds)
    except InputError:  # too many candidates or seconds
        return plan


def exact_plan(candidates: Candidates, limits: Limits, *, seconds: float = 600.0) -> Plan:
    """The best plan, where `arbitrate` comes close to it.

    A budget depends on the number of decisions at each touchpoint alone, and for whole numbers of
    them the rest is a transportation problem, whose corners are whole. So only those few numbers
    are branched on.

    Args:
        candidates: of C customers, at most `MOST_PAIRS` with a positive value in all.
        limits: over the T touchpoints of the candidates.
        seconds: time limit of branch and bound.

    Raises:
        InputError: there are more candidates, the time is over, or as for `arbitrate`.
    """
    values = values_by_touchpoint(candidates, len(limits.capacity))
    pairs = int(((candidates.offers >= 0) & (candidates.values > 0)).sum())
    if pairs > MOST_PAIRS:
        raise InputError(
            f"exact_plan: expected at most {MOST_PAIRS:,} candidates of positive value, got "
            f"{pairs:,}; use arbitrate, which reports its gap"
        )
    touchpoints, rows = np.nonzero(np.isfinite(values) & ~limits.is_closed[:, None])
    assigned = np.full(values.shape[1], -1, np.int8)
    if not len(rows):
        return finished_plan(candidates, Exchange(values, limits, assigned, 0.0), 0.0)
    worth = values[touchpoints, rows]
    solution, bound, euro = _relaxed(worth, touchpoints, rows, limits)
    if not _is_whole(solution):
        counts, bound = _best_counts(worth, touchpoints, rows, limits, seconds)
        fixed = Limits(capacity=counts, costs=np.zeros(len(counts)))
        solution, _, _ = _relaxed(worth, touchpoints, rows, fixed)
    assert _is_whole(solution), "a corner of a transportation problem is whole"
    is_chosen = solution > 0.5
    assigned[rows[is_chosen]] = touchpoints[is_chosen]
    return finished_plan(candidates, Exchange(values, limits, assigned, euro), bound)


def _is_whole(solution: FloatArray) -> bool:
    return bool(np.abs(solution - np.round(solution)).max() <= _WHOLE)


def _relaxed(
    worth: FloatArray, touchpoints: IntArray, rows: IntArray, limits: Limits
) -> tuple[FloatArray, float, float]:
    """A corner of the linear relaxation, its value, and the price of a euro of the budget."""
    # Imported late: it takes long.
    from scipy.optimize import linprog

    matrix, most = constraints(touchpoints, rows, int(rows.max()) + 1, limits)
    solved: Any = linprog(-worth, A_ub=matrix, b_ub=most, bounds=(0, 1), method="highs-ds")
    euro = -float(solved.ineqlin.marginals[-1]) if np.isfinite(limits.budget) else 0.0
    return solved.x, -float(solved.fun), euro


def _best_counts(
    worth: FloatArray, touchpoints: IntArray, rows: IntArray, limits: Limits, seconds: float
) -> tuple[FloatArray, float]:
    """[T] whole numbers of decisions of the best plan, and a bound of its value."""
    # Imported late: it takes long.
    from scipy.optimize import Bounds, LinearConstraint, milp

    count, customers = len(limits.costs), int(rows.max()) + 1
    pairs = np.arange(len(rows))
    once = csr_array((np.ones(len(rows)), (rows, pairs)), shape=(customers, len(rows)))
    at = csr_array((np.ones(len(rows)), (touchpoints, pairs)), shape=(count, len(rows)))
    spent = np.concatenate([np.zeros(len(rows)), limits.costs])[None]
    solved: Any = milp(
        np.concatenate([-worth, np.zeros(count)]),
        constraints=[
            LinearConstraint(hstack([once, csr_array((customers, count))]), ub=1.0),
            LinearConstraint(hstack([at, -eye_array(count)]), lb=0.0, ub=0.0),
            LinearConstraint(spent, ub=limits.affordable),
        ],
        bounds=Bounds(0, np.concatenate([np.ones(len(rows)), limits.capacity])),
        integrality=np.repeat([0, 1], [len(rows), count]),
        options={"mip_rel_gap": 0.0, "time_limit": seconds},
    )
    if not solved.success:
        raise InputError(
            f"exact_plan: expected an end within {seconds:g} seconds, got '{solved.message}'; "
            "give more, or use arbitrate"
        )
    return np.round(solved.x[len(rows) :]), -float(solved.mip_dual_bound)


def constraints(
    touchpoints: IntArray, rows: IntArray, customers: int, limits: Limits
) -> tuple[Any, FloatArray]:
    """One decision a customer, the capacities, and last the budget where there is one.

    Args:
        touchpoints: [n] of each pair.
        rows: [n] customer of each pair.
        customers: how many there are.
        limits: of the plan.

    Returns:
        [m, n] sparse matrix, and [m] what its product with the chosen pairs may be at most.
    """
    pairs = np.arange(len(rows))
    scarce = np.flatnonzero(np.isfinite(limits.capacity))
    members = [np.flatnonzero(touchpoints == touchpoint) for touchpoint in scarce]
    lines = [rows, *(np.full(len(m), customers + i) for i, m in enumerate(members))]
    columns = [pairs, *members]
    entries: list[FloatArray] = [np.ones(len(pairs) + sum(map(len, members)))]
    most: list[FloatArray] = [np.ones(customers), limits.capacity[scarce]]
    if np.isfinite(limits.budget):
        lines.append(np.full(len(pairs), customers + len(scarce)))
        columns.append(pairs)
        entries.append(limits.costs[touchpoints])
        most.append(np.array([limits.affordable]))
    bounds = np.concatenate(most)
    cells = (np.concatenate(lines), np.concatenate(columns))
    return csr_array((np.concatenate(entries), cells), shape=(len(bounds), len(pairs))), bounds
