"""Arbitration against the linear programs of HiGHS, on the same candidates and limits."""

import time
from collections.abc import Mapping
from statistics import median
from typing import Any, Literal

import numpy as np
from scipy.optimize import linprog

from recsys.policy.arbitration.allocate import Plan, arbitrate
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.exact import constraints
from recsys.policy.arbitration.limits import Limits

_METHODS: Mapping[str, Literal["highs-ds", "highs-ipm"]] = {
    "simplex": "highs-ds",
    "interior_point": "highs-ipm",
}
_REPEATS = 5


def against_highs(candidates: Candidates, limits: Limits) -> Mapping[str, float]:
    """Seconds of both, and the plan's value over the optimum of the linear relaxation.

    That optimum is at least what any whole plan of HiGHS is worth.
    """
    taken = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        plan = arbitrate(candidates, limits)
        taken.append(time.perf_counter() - start)
    rows, columns = np.nonzero(candidates.offers >= 0)
    matrix, most = constraints(candidates.touchpoints[rows, columns], rows, len(candidates), limits)
    worth = candidates.values[rows, columns].astype(np.float64)
    seconds, best = {}, 0.0
    for name, method in _METHODS.items():
        start = time.perf_counter()
        solved: Any = linprog(-worth, A_ub=matrix, b_ub=most, bounds=(0, 1), method=method)
        seconds[name] = time.perf_counter() - start
        best = max(best, -float(solved.fun))
    return {
        "sample_pairs": len(worth),
        "sample_seconds": median(taken),
        "sample_gap": plan.gap,
        **{f"highs_{name}_seconds": value for name, value in seconds.items()},
        "speedup_over_highs": min(seconds.values()) / median(taken),
        "objective_over_highs": plan.objective / best,
        "sample_violations": broken(plan, candidates, limits),
    }


def broken(plan: Plan, candidates: Candidates, limits: Limits) -> int:
    """How many limits a plan breaks, counted from its choices alone."""
    rows = np.flatnonzero(plan.chosen >= 0)
    touchpoints = candidates.touchpoints[rows, plan.chosen[rows]]
    counts = np.bincount(touchpoints, minlength=len(limits.costs))
    over = int((counts > limits.capacity).sum())
    return over + int(counts @ limits.costs > limits.budget * (1 + 1e-9))
