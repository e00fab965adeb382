"""Exploration in a day's plan: other offers for the customers of the plan, within its limits.

A plan is made first, and is a function of the data alone. Then each customer with a decision draws
among the candidates that take no more of the limits than the planned one: those at its touchpoint,
and those at touchpoints without a capacity that cost no more. So limits hold whatever is drawn, and
the propensity of what is drawn depends on no other customer: it is exact.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.limits import Limits
from recsys.serving.artifact.contents import Contents
from recsys.serving.decide.exploration import choose, draws_of
from recsys.serving.decide.logits import customer_vectors
from recsys.serving.decide.options import Options


def explored(
    contents: Contents,
    rows: IntArray,
    candidates: Candidates,
    planned: IntArray,
    limits: Limits,
    charges: FloatArray,
    stated: Mapping[str, Any],
    start: int,
) -> tuple[IntArray, FloatArray]:
    """What the customers of the plan are offered after exploration.

    Args:
        contents: of the artifact.
        rows: [B] of customers with a decision.
        candidates: [B, K] of them.
        planned: [B] column of the planned one.
        limits: of the plan.
        charges: [T] prices of the plan, taken off the values.
        stated: exploration of the policy.
        start: UTC seconds of the plan.

    Returns:
        [B] column of the decision, and [B] its propensity.
    """
    touchpoints = candidates.touchpoints
    options = Options(
        rows=rows,
        vectors=customer_vectors(contents, rows),
        offers=candidates.offers,
        probabilities=candidates.probabilities,
        values=candidates.values,
        costs=np.append(limits.costs, 0.0)[touchpoints],
        charges=np.append(charges, 0.0)[touchpoints],
        mask=_alternatives(candidates, planned, limits),
    )
    draws = draws_of(stated, contents.customers.ids[rows], start)
    choice = choose(contents, stated, options, draws, 1, planned)
    none = choice.actions[:, 0] < 0
    # A sample may find that nothing is worth its cost; the plan has found it worth.
    return np.where(none, planned, choice.actions[:, 0]), choice.propensities[:, 0]


def _alternatives(candidates: Candidates, chosen: IntArray, limits: Limits) -> BoolArray:
    """[B, K] candidates that take no more of the limits than the planned ones."""
    planned = candidates.touchpoints[np.arange(len(chosen)), chosen]
    same = candidates.touchpoints == planned[:, None]
    costs = np.append(limits.costs, np.inf)[candidates.touchpoints]
    cheap = costs <= limits.costs[planned][:, None]
    free = np.append(np.isinf(limits.capacity), False)[candidates.touchpoints]
    affordable = cheap if np.isfinite(limits.budget) else np.ones_like(cheap)
    return np.asarray((candidates.offers >= 0) & (same | (free & affordable)))
