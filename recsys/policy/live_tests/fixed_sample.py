"""The fixed sample of a test: what a test that is read once, at its end, would take."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from recsys.policy.live_tests.planning import sample_size
from recsys.policy.live_tests.rewards import Moments


@dataclass(frozen=True, kw_only=True)
class FixedSample:
    """Customers of each arm, and the settings that they follow from.

    Attributes:
        control, treatment, lift: as for `planning.sample_size`.
        power: with which the lift is found.
        level: of each treatment's interval.
        control_share: share of the control group among the customers of the test.
        ratio: customers of the smallest treatment for each one of the control group.
        customers: of the control group.
        by_arm: arm -> customers.
    """

    control: Moments
    treatment: Moments | None
    lift: float
    power: float
    level: float
    control_share: float
    ratio: float
    customers: int
    by_arm: Mapping[str, int]

    @classmethod
    def of(
        cls,
        control: Moments,
        treatment: Moments | None,
        lift: float,
        arms: Mapping[str, float],
        *,
        power: float,
        level: float,
    ) -> "FixedSample":
        """The sample of the smallest treatment.

        Args:
            control: of customers under the present policy.
            treatment: of customers under the new one; None takes the control group's.
            lift: relative gain.
            arms: arm -> share, the control group first.
            power: with which the lift is found.
            level: over all treatments, shared out evenly (Bonferroni).

        Raises:
            InputError: as `planning.sample_size`.
        """
        first, *others = arms
        ratio = min(arms[arm] for arm in others) / arms[first]
        arm_level = 1 - (1 - level) / len(others)
        customers = sample_size(
            control, lift, treatment=treatment, power=power, level=arm_level, ratio=ratio
        )
        return cls(
            control=control, treatment=treatment, lift=lift, power=power, level=arm_level,
            control_share=arms[first], ratio=ratio, customers=customers,
            by_arm={arm: ceil(customers * part / arms[first]) for arm, part in arms.items()},
        )  # fmt: skip

    @property
    def gain(self) -> float:
        """The difference to be found, in units of the reward."""
        return self.lift * self.control.mean

    @property
    def in_all(self) -> int:
        """Customers of all arms."""
        return sum(self.by_arm.values())

    @property
    def smallest(self) -> int:
        """Customers of the smallest arm."""
        return min(self.by_arm.values())
