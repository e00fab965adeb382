"""The plan of a live test as data: arms, stages, and the bounds at which it stops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import IdArray, IntArray
from recsys.policy.live_tests.assignment import assign


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A time in which a certain share of the customers is in the test.

    Attributes:
        name: as pilot.
        share: of all customers, above 0 and up to 1; the rest is outside of the test.
        starts: the first moment; None while it has not begun.
        customers: measured customers that each arm needs before the next stage may begin.
        days: after so many days without a verdict the test stops.
        harm: the largest loss a customer and window that may not be excluded when the next stage
            begins; None asks for no more than that a loss is not certain.
    """

    name: str
    share: float
    starts: pd.Timestamp | None
    customers: int
    days: int
    harm: float | None


@dataclass(frozen=True, kw_only=True)
class LiveTest:
    """A test of one or more policies against a control group, fixed before it starts.

    Attributes:
        name: of the test.
        salt: of the assignment; of no other test.
        arms: arm -> its share of the customers in the test; the first is the control group, which
            keeps the present policy. The same in all stages: were one arm to grow alone, its new
            customers would be others than those whom the control group has left.
        window: days that each customer is measured, from the first decision in the test on.
        gain: the smallest gain worth having, in reward a customer and window; above 0.
        power: with which a fixed sample would find `gain`.
        level: confidence of all readings together, over all treatments.
        stages: in their order; their shares never shrink.
    """

    name: str
    salt: str
    arms: Mapping[str, float]
    window: int
    gain: float
    power: float
    level: float
    stages: Sequence[Stage]

    @property
    def control(self) -> str:
        """The first arm."""
        return next(iter(self.arms))

    @property
    def treatments(self) -> tuple[str, ...]:
        """The other arms."""
        return tuple(self.arms)[1:]

    @property
    def arm_level(self) -> float:
        """The level of each treatment's interval, by Bonferroni's correction over treatments."""
        return 1 - (1 - self.level) / len(self.treatments)

    def assigned(self, customers: Sequence[object] | IdArray, stage: int) -> IntArray:
        """[N] position in `arms` of each customer's arm in a stage; -1 outside of the test."""
        share = self.stages[stage].share
        shares = {arm: share * part for arm, part in self.arms.items()}
        return assign(customers, self.salt, shares, largest=self.arms)

    def stage_at(self, when: IntArray) -> IntArray:
        """[N] the stage at UTC seconds [N]; -1 before the first."""
        starts = [int(each.starts.timestamp()) for each in self.stages if each.starts is not None]
        return np.searchsorted(starts, when, side="right") - 1
