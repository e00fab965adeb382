"""Exploration in a day's plan: other offers for the customers of the plan, within its limits.

A plan is made first, and is a function of the data alone. Then each customer with a decision draws
among the candidates that take no more of the limits than the planned one: those at its touchpoint,
and those at touchpoints without a capacity that cost no more. So limits hold whatever is drawn, and
the propensity of what is drawn depends on no other customer: it is exact.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.limits import Limits
from recsys.policy.exploration import Draws, Epsilon
from recsys.serving.decide.exploration import explorer, seed_of


def explored(
    candidates: Candidates,
    chosen: IntArray,
    limits: Limits,
    charges: FloatArray,
    stated: Mapping[str, Any],
    ids: IdArray,
    start: int,
) -> tuple[IntArray, FloatArray]:
    """What the customers of the plan are offered after exploration.

    Args:
        candidates: [B, K] of customers with a decision.
        chosen: [B] column of the planned one.
        limits: of the plan.
        charges: [T] prices of the plan, taken off the values that softmax weighs.
        stated: exploration of the policy.
        ids: [B] of the customers.
        start: UTC seconds of the plan.

    Returns:
        [B] column of the decision, and [B] its propensity.
    """
    policy = explorer(stated)
    if policy is None or not len(chosen):
        return chosen, np.ones(len(chosen))
    rows = np.arange(len(chosen))
    mask = _alternatives(candidates, chosen, limits)
    values = np.where(mask, candidates.values, 0).astype(np.float64)
    values -= np.where(mask, np.append(charges, 0)[candidates.touchpoints], 0)
    if isinstance(policy, Epsilon):
        # The planned decision is the best one, whatever it earns by itself.
        values[rows, chosen] = values.max(axis=1, where=mask, initial=-np.inf) + 1
    draws = Draws.of(seed=seed_of(stated), customers=ids, moments=np.full(len(rows), start))
    choice = policy.choose(values, draws, 1, mask)
    return choice.actions[:, 0], choice.propensities[:, 0]


def _alternatives(candidates: Candidates, chosen: IntArray, limits: Limits) -> BoolArray:
    """[B, K] candidates that take no more of the limits than the planned ones."""
    planned = candidates.touchpoints[np.arange(len(chosen)), chosen]
    same = candidates.touchpoints == planned[:, None]
    costs = np.append(limits.costs, np.inf)[candidates.touchpoints]
    cheap = costs <= limits.costs[planned][:, None]
    free = np.append(np.isinf(limits.capacity), False)[candidates.touchpoints]
    affordable = cheap if np.isfinite(limits.budget) else np.ones_like(cheap)
    return np.asarray((candidates.offers >= 0) & (same | (free & affordable)))
