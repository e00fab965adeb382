"""Small instances of arbitration, and plain counts of what a plan uses."""

import numpy as np

from recsys.policy.arbitration.allocate import Plan
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.limits import Limits

INF = np.inf


def lists(values: list[list[float]]) -> Candidates:
    """Candidates whose column is their touchpoint."""
    table = np.array(values, np.float32)
    return Candidates.of(table, np.arange(table.shape[1]))


def limits(*capacity: float, costs=None, budget: float = INF) -> Limits:
    return Limits(
        capacity=np.array(capacity),
        costs=np.zeros(len(capacity)) if costs is None else np.array(costs),
        budget=budget,
    )


def random_lists(
    random: np.random.Generator, customers: int, width: int, touchpoints: int, *, whole: bool
) -> Candidates:
    """Values with a share of negative and missing ones; whole numbers make many ties."""
    shape = (customers, width)
    values = random.integers(-1, 5, shape) if whole else random.normal(2, 2, shape)
    values = np.where(random.random(shape) < 0.2, -INF, values).astype(np.float32)
    return Candidates.of(values, random.integers(0, touchpoints, shape))


def random_limits(random: np.random.Generator, customers: int, touchpoints: int) -> Limits:
    """Each limit may be missing, zero, scarce or ample."""
    capacity = random.integers(0, customers + 2, touchpoints).astype(float)
    capacity[random.random(touchpoints) < 0.3] = INF
    costs = np.where(random.random(touchpoints) < 0.4, 0, random.random(touchpoints) * 2)
    budget = INF if random.random() < 0.3 else random.random() * customers
    return Limits(capacity=capacity, costs=costs, budget=budget)


def used(plan: Plan, candidates: Candidates, count: int) -> list[int]:
    """Decisions at each touchpoint, counted one by one."""
    places = [0] * count
    for row, column in enumerate(plan.chosen):
        if column >= 0:
            assert candidates.offers[row, column] >= 0
            assert candidates.values[row, column] > 0
            places[candidates.touchpoints[row, column]] += 1
    return places


def value_of(plan: Plan, candidates: Candidates) -> float:
    return sum(
        float(candidates.values[row, column])
        for row, column in enumerate(plan.chosen)
        if column >= 0
    )
