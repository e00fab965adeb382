"""Drafts the plan of a test from a log: sizes, bounds and days follow from what it has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.interactions import seconds
from recsys.errors import InputError
from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.assignment import check_shares
from recsys.policy.live_tests.fixed_sample import FixedSample
from recsys.policy.live_tests.harm_bounds import Guard, guard_of, harm_bound
from recsys.policy.live_tests.off_policy_moments import off_policy_moments
from recsys.policy.live_tests.planning import arrivals, days_needed, power
from recsys.policy.live_tests.rewards import (
    CustomerRewards,
    Moments,
    customer_rewards,
    design_effect,
    logged_rewards,
    row_numbers,
)
from recsys.policy.live_tests.sequential import FEWEST

SLOWEST = 2.5
"""Fixed samples within which most sequential tests of a true gain stop."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Draft:
    """A drafted plan, and what it follows from.

    Attributes:
        content: the plan as plain data, for `plan_file.plan_of`; no stage has begun.
        lift: the relative gain that it is to find.
        control: a customer's reward in the log; treatment: under the new policy, estimated from
            the log, or None.
        customers: arm -> customers of the fixed sample.
        days: stage -> days until the fixed sample is measured at that stage's share; None where
            the log's days bring too few customers.
        design_effect: of decisions clustered in customers.
        arrivals: [D] customers by the day of their first decision.
        power: stage -> [D] power of a fixed test, by the day on which it ends.
        short: stages whose own customers the log's days do not bring.
        guard: which stages guard against no loss, and what would; None where all do.
    """

    content: dict[str, Any]
    lift: float
    control: Moments
    treatment: Moments | None
    customers: Mapping[str, int]
    days: Mapping[str, int | None]
    design_effect: float
    arrivals: IntArray
    power: Mapping[str, FloatArray]
    short: Sequence[str]
    guard: Guard | None


def draft_plan(
    decisions: pd.DataFrame,
    lift: float,
    *,
    name: str,
    salt: str,
    arms: Mapping[str, float],
    stages: Mapping[str, float],
    window: int,
    power: float = 0.8,
    level: float = 0.95,
    probabilities: FloatArray | None = None,
) -> Draft:
    """Drafts a plan from a log of the present policy.

    The log is read as the test will be: each customer enters with the first decision and is
    measured for the window. The last stage measures the fixed sample, the others smaller parts of
    it by their shares; a stage's `harm` is a bound that a policy without any effect passes with
    80 %, which says what so few customers can exclude.

    Args:
        decisions: checked table `decisions`.
        lift: relative gain worth having.
        name: of the test.
        salt: of its assignment.
        arms: arm -> share of the customers in the test, the control group first; they sum to 1.
        stages: stage -> share of all customers, in their order.
        window: days that a customer is measured.
        power: with which a fixed sample finds the lift.
        level: confidence, over all treatments together.
        probabilities: [N] probability of each logged action under the new policy; None plans with
            the log's own variance.

    Raises:
        InputError: an argument cannot be used, or the log does not carry the plan.
    """
    if not lift > 0:
        raise InputError(f"lift: expected a relative gain above 0, such as .05, got {lift:g}")
    check_shares("arms", arms)
    log = _Log.of(decisions)
    entering = customer_rewards(*log, window=window * DAY, at=int(log.when.max()))
    control = entering.moments
    if not control.mean > 0:
        raise InputError(f"decisions: expected a mean reward above 0, got {control.mean:g}")
    treatment = None
    if probabilities is not None:
        propensities = decisions[columns.PROPENSITY].to_numpy("float64")
        treatment = _treated(log, propensities, entering, window, probabilities)
    sizes = FixedSample.of(control, treatment, lift, arms, power=power, level=level)
    come = arrivals(entering.entered)
    drafted, short = _stages(sizes, stages, come, window)
    return Draft(
        content={
            "name": name, "salt": salt, "arms": dict(arms), "window": window,
            "gain": float(f"{sizes.gain:.6g}"), "power": power, "level": level,
            "stages": drafted,
        },
        lift=lift,
        control=control,
        treatment=treatment,
        customers=sizes.by_arm,
        days={
            stage: days_needed(come, sizes.in_all, share=share, window=window * DAY)
            for stage, share in stages.items()
        },
        design_effect=design_effect(entering),
        arrivals=come,
        power={stage: _power(sizes, come, share) for stage, share in stages.items()},
        short=short,
        guard=guard_of(sizes, stages, drafted, come, window),
    )  # fmt: skip


class _Log(NamedTuple):
    """Row numbers of customers, UTC seconds and rewards of N decisions."""

    customers: IntArray
    when: IntArray
    rewards: FloatArray

    @classmethod
    def of(cls, decisions: pd.DataFrame) -> "_Log":
        customers, _ = row_numbers(decisions[columns.CUSTOMER])
        return cls(customers, seconds(decisions[columns.TIMESTAMP]), logged_rewards(decisions))


def _treated(
    log: _Log,
    propensities: FloatArray,
    entering: CustomerRewards,
    window: int,
    probabilities: FloatArray,
) -> Moments:
    """Of the new policy, from the decisions in the windows of measured customers."""
    ends = np.zeros(int(log.customers.max()) + 1, np.int64)
    complete = entering.is_complete
    ends[entering.customers[complete]] = entering.entered[complete] + window * DAY
    inside = log.when < ends[log.customers]
    return off_policy_moments(
        log.customers[inside], log.rewards[inside], propensities[inside], probabilities[inside]
    )


def _power(draft: FixedSample, come: IntArray, share: float) -> FloatArray:
    """[D] power by the day on which the last customer enters."""
    counts = np.cumsum(come) * share * draft.control_share
    return power(
        draft.control, draft.lift, customers=counts, treatment=draft.treatment,
        level=draft.level, ratio=draft.ratio,
    )  # fmt: skip


def _stages(
    sizes: FixedSample, stages: Mapping[str, float], come: IntArray, window: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """The stages, and the names of those whose customers the log's days do not bring.

    Each stage measures the part of the fixed sample that its share is of the last one's. No stage
    lasts longer than the log unless it needs to: how many customers come later is not known.
    """
    drafted, short = [], []
    largest = list(stages.values())[-1]
    for stage, share in stages.items():
        part = max(share / largest, FEWEST / sizes.customers)
        in_all = ceil(part * sizes.in_all)
        days = days_needed(come, in_all, share=share, window=window * DAY)
        if days is None:
            short.append(stage)
            days = len(come)
        each: dict[str, Any] = {
            "name": stage,
            "share": share,
            "customers": ceil(part * sizes.smallest),
            "days": min(ceil(SLOWEST * days), max(days, len(come))),
        }
        if share < largest:
            each["harm"] = float(f"{harm_bound(sizes, part):.3g}")
        drafted.append(each)
    return drafted, short
