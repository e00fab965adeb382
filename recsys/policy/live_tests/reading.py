"""What a log says about a running test, at each of its days."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.interactions import seconds
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.balance import SampleRatio, sample_ratio
from recsys.policy.live_tests.plan import LiveTest
from recsys.policy.live_tests.rewards import (
    CustomerRewards,
    customer_rewards,
    logged_rewards,
    row_numbers,
)
from recsys.policy.live_tests.sequential import (
    Arm,
    SequentialInterval,
    confidence_sequence,
    difference,
    planned_information,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """A test as its log shows it at a moment.

    Attributes:
        at: UTC seconds of the moment.
        stage: the stage then.
        days: [L] UTC seconds of the looks, one a day; the last is `at`.
        customers: the customers in the test; `arms` [M] their positions in `LiveTest.arms`.
        arms: as above.
        ids: [M] their ids.
        measured: arm -> customers who entered in this stage and whose window is over.
        rewards: arm -> [L] of all customers whose window is over.
        intervals: treatment -> [L] always-valid intervals against the control group.
        ratio: sizes of the arms among the customers who entered, against the shares.
    """

    at: int
    stage: int
    days: IntArray
    customers: CustomerRewards
    arms: IntArray
    ids: pd.Index
    measured: Mapping[str, int]
    rewards: Mapping[str, Arm]
    intervals: Mapping[str, SequentialInterval]
    ratio: SampleRatio

    def latest(self, treatment: str) -> Interval:
        """The newest interval of a treatment."""
        steps = self.intervals[treatment]
        ends = (steps.difference[-1], steps.low[-1], steps.high[-1])
        mean, low, high = (float(end) for end in ends)
        return Interval(mean, low, high, int(self.customers.is_complete.sum()))


def read_log(plan: LiveTest, decisions: pd.DataFrame, at: pd.Timestamp | None = None) -> Reading:
    """Reads the log of a test.

    Arms follow from the plan's hash, whatever the log says about its policies, so that a customer
    who got the wrong policy still counts where they belong (intention to treat). A customer enters
    with the first decision in the test, and counts once the window is over.

    Args:
        plan: whose first stage has begun.
        decisions: checked table `decisions`; those outside of the test are left out.
        at: later decisions do not count; None reads up to the last decision.

    Raises:
        InputError: the test has not begun, or the log has no decision in it.
    """
    when = seconds(decisions[columns.TIMESTAMP])
    moment = int(when.max()) if at is None else int(at.timestamp())
    now = int(plan.stage_at(np.array([moment]))[0])
    if now < 0:
        raise InputError(
            "plan.stages[0].starts: expected a moment before the log is read, got "
            f"{plan.stages[0].starts or 'none'}; set it when the test begins"
        )
    codes, ids = row_numbers(decisions[columns.CUSTOMER])
    stages = plan.stage_at(when)
    by_stage = np.stack([plan.assigned(ids.to_numpy(), each) for each in range(now + 1)])
    inside = (stages >= 0) & (when <= moment)
    inside[inside] = by_stage[stages[inside], codes[inside]] >= 0
    if not inside.any():
        raise InputError(
            f"decisions: expected decisions of the test's customers from {plan.stages[0].starts} "
            "on, got none; is it the right log?"
        )
    entering = customer_rewards(
        codes[inside], when[inside], logged_rewards(decisions)[inside],
        window=plan.window * DAY, at=moment,
    )  # fmt: skip
    arms, days = by_stage[now, entering.customers], _looks(plan, moment)
    measured = _measured(plan, entering, arms, days)
    information = planned_information(plan.gain, power=plan.power, level=plan.arm_level)
    in_stage = entering.is_complete & (plan.stage_at(entering.entered) == now)
    return Reading(
        at=moment,
        stage=now,
        days=days,
        customers=entering,
        arms=arms,
        ids=ids[entering.customers],
        measured=_counts(plan, arms[in_stage]),
        rewards=measured,
        intervals={
            arm: confidence_sequence(
                *difference(measured[arm], measured[plan.control]),
                information=information, level=plan.arm_level,
            )
            for arm in plan.treatments
        },
        ratio=sample_ratio(_counts(plan, arms), plan.arms),
    )  # fmt: skip


def _counts(plan: LiveTest, arms: IntArray) -> dict[str, int]:
    counts = np.bincount(arms, minlength=len(plan.arms))
    return dict(zip(plan.arms, counts.tolist(), strict=True))


def _looks(plan: LiveTest, at: int) -> IntArray:
    first = plan.stages[0].starts
    assert first is not None
    return np.arange(at, int(first.timestamp()), -DAY)[::-1]


def _measured(
    plan: LiveTest, entering: CustomerRewards, arms: IntArray, days: IntArray
) -> dict[str, Arm]:
    """The customers of each arm whose window is over at each look."""
    # The first look at which the window is over; the last column is for those still measured.
    look = np.searchsorted(days, entering.entered + plan.window * DAY)
    shape = (len(plan.arms), len(days) + 1)
    cell = np.ravel_multi_index((arms, look), shape)
    customers, sums, squares = (
        np.bincount(cell, amounts, minlength=shape[0] * shape[1])
        .reshape(shape)[:, :-1]
        .cumsum(axis=1)
        for amounts in (None, entering.totals, entering.totals**2)
    )
    return {
        arm: Arm(customers=customers[number], sums=sums[number], squares=squares[number])
        for number, arm in enumerate(plan.arms)
    }
