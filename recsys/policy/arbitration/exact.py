"""The exact plan by mixed-integer programming (HiGHS in SciPy), for small instances."""

from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.policy.arbitration.allocate import Plan, finished_plan, values_by_touchpoint
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.limits import Limits

MOST_PAIRS = 100_000
"""Candidates that an exact plan takes."""

_WHOLE = 1e-6


def exact_plan(candidates: Candidates, limits: Limits, *, seconds: float = 600.0) -> Plan:
    """The best plan, where `arbitrate` comes close to it.

    The linear relaxation gives the price of the budget; where its solution is not whole, branch
    and bound follows.

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
        return finished_plan(candidates, values, limits, assigned, 0.0, 0.0)
    worth = values[touchpoints, rows].astype(np.float64)
    matrix, most = constraints(touchpoints, rows, values.shape[1], limits)
    relaxed: Any = linprog(-worth, A_ub=matrix, b_ub=most, bounds=(0, 1), method="highs")
    solution, bound = relaxed.x, -float(relaxed.fun)
    euro = -float(relaxed.ineqlin.marginals[-1]) if np.isfinite(limits.budget) else 0.0
    if np.abs(solution - np.round(solution)).max() > _WHOLE:
        whole: Any = milp(
            -worth,
            constraints=LinearConstraint(matrix, ub=most),
            bounds=Bounds(0, 1),
            integrality=np.ones(len(worth), np.int64),
            options={"mip_rel_gap": 0.0, "time_limit": seconds},
        )
        if not whole.success:
            raise InputError(
                f"exact_plan: expected an end within {seconds:g} seconds ({whole.message}); "
                "give more, or use arbitrate"
            )
        solution, bound = whole.x, -float(whole.mip_dual_bound)
    is_chosen = solution > 0.5
    assigned[rows[is_chosen]] = touchpoints[is_chosen]
    return finished_plan(candidates, values, limits, assigned, euro, bound)


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
    places = (np.concatenate(lines), np.concatenate(columns))
    return csr_array((np.concatenate(entries), places), shape=(len(bounds), len(pairs))), bounds
