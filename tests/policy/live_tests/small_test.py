"""A plan and a log of a test, small enough to check by eye."""

from typing import Any

import numpy as np
import pandas as pd

from recsys.policy.live_tests.plan import LiveTest
from recsys.policy.live_tests.plan_file import plan_of

START = pd.Timestamp("2025-03-01", tz="UTC")


def content(**changes: Any) -> dict[str, Any]:
    """A plan as YAML gives it."""
    stages: list[dict[str, Any]] = [
        {
            "name": "pilot",
            "share": 0.2,
            "customers": 100,
            "days": 30,
            "harm": 0.1,
            "starts": "2025-03-01",
        },
        {"name": "half", "share": 0.5, "customers": 200, "days": 30},
        {"name": "full", "share": 1, "customers": 400, "days": 60},
    ]
    plan = {
        "name": "spring", "salt": "spring-2025", "arms": {"control": 0.5, "new": 0.5}, "window": 7,
        "gain": 0.2, "power": 0.8, "level": 0.95, "stages": stages,
    }  # fmt: skip
    return plan | changes


def started(*starts: str | None, **changes: Any) -> LiveTest:
    """The plan with moments at which its stages begin."""
    plan = content(**changes)
    for stage, moment in zip(plan["stages"], starts, strict=False):
        stage["starts"] = moment
    return plan_of(plan)


def evenly(start: pd.Timestamp, count: int, days: int) -> pd.DatetimeIndex:
    """So many moments within so many days."""
    return start + pd.to_timedelta(np.arange(count) * days / count, unit="D")


def decisions_of(
    customers: np.ndarray, when: pd.DatetimeIndex, rewards: np.ndarray
) -> pd.DataFrame:
    """A log of accepted decisions, one for each of the customers."""
    return pd.DataFrame(
        {
            "decision_id": np.arange(len(customers)), "customer_id": customers, "offer_id": "O",
            "touchpoint": "app", "timestamp": when, "policy": "p", "propensity": 1.0,
            "outcome": "accept", "reward": rewards,
        }
    )  # fmt: skip


def log(
    plan: LiveTest,
    *,
    gain: float = 0.0,
    customers: int = 4_000,
    days: int = 40,
    stage: int = -1,
    lost: float = 0.0,
) -> pd.DataFrame:
    """Decisions of customers who come evenly; the treated of a stage's arms earn more.

    Args:
        plan: of the test.
        gain: what a treated customer earns more.
        customers: who come, one decision each.
        days: in which they come.
        stage: the largest stage, whose arms are treated.
        lost: share of the treated whose rows are lost.
    """
    generator = np.random.default_rng(3)
    ids = np.array([f"C{number}" for number in range(customers)])
    treated = plan.assigned(ids, stage) == 1
    rewards = generator.normal(1, 0.5, customers) + gain * treated
    when = evenly(START, customers, days)
    frame = decisions_of(ids, when, rewards)
    return frame[~(treated & (generator.random(customers) < lost))].reset_index(drop=True)
