"""Sequential intervals on simulated tests that are read every day: false wins, and time to stop.

Customers' rewards are drawn from those of the simulated market's log, a window each. Without an
effect both arms draw from them; with one, a treated customer gets another customer's reward on top
with the probability of the lift. Customers come in evenly, day by day, and the tests are read as
`recsys live_test step=read` does it. A third kind of test has rare rewards and a small control
group, where intervals that trust the variance of each arm fail.
"""

from collections.abc import Mapping

import numpy as np

from benchmarks.suite import require_at_least
from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.check import check_table
from recsys.data.interactions import seconds
from recsys.errors import InputError
from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.planning import sample_size
from recsys.policy.live_tests.rewards import (
    Moments,
    customer_rewards,
    logged_rewards,
    row_numbers,
)
from recsys.policy.live_tests.sequential import (
    Arm,
    confidence_sequence,
    difference,
    planned_information,
)
from recsys.simulation.source import SimulatedMarket


class LiveTestsSuite:
    """Simulates tests with and without a lift.

    Args:
        tests: of each kind.
        lift: relative gain of the treatment, and that which the fixed sample is planned for.
        days: in which the fixed sample would be complete.
        longest: length of the tests, in fixed samples.
        window: days that a customer is measured.
        events: of the market whose rewards are drawn.
        seed: of the market and the draws.
    """

    def __init__(
        self,
        *,
        tests: int = 2_000,
        lift: float = 0.2,
        days: int = 28,
        longest: float = 5.0,
        window: int = 28,
        events: int = 100_000,
        seed: int = 0,
    ) -> None:
        require_at_least(1, tests=tests, days=days, window=window, events=events)
        if not lift > 0 or not longest >= 2.5:
            raise InputError("suite: expected lift above 0 and longest of at least 2.5")
        self.tests, self.lift, self.days, self.longest = tests, lift, days, longest
        self.window, self.events, self.seed = window, events, seed

    def figures(self) -> Mapping[str, float]:
        """Share of false positives, of tests that stop in time, and what a fixed sample takes."""
        pool = self._pool()
        moments = Moments.of(pool)
        customers = sample_size(moments, self.lift)
        generator = np.random.default_rng(self.seed)
        looks = np.arange(1, int(self.longest * self.days) + 1)
        entered = looks * customers // self.days
        gain = self.lift * moments.mean
        stopped = {
            lift: np.array([
                self._stopped(generator, pool, entered, lift=lift, gain=gain)
                for _ in range(self.tests)
            ]) / self.days  # in fixed samples; inf where it never stops
            for lift in (0.0, self.lift)
        }  # fmt: skip
        rare = [_stopped_rare(generator, looks) for _ in range(self.tests)]
        with_lift = stopped[self.lift]
        return {
            "tests": self.tests,
            "fixed_sample": customers,
            "rewards_in_pool": len(pool),
            "coefficient_of_variation": float(np.sqrt(moments.variance) / moments.mean),
            "false_positive_rate": float(np.isfinite(stopped[0.0]).mean()),
            "rare_false_positive_rate": float(np.isfinite(rare).mean()),
            "stopped_within_2_5": float((with_lift <= 2.5).mean()),
            "stopped_within_1": float((with_lift <= 1).mean()),
            "median_samples_to_stop": float(np.median(with_lift)),
        }

    def _pool(self) -> FloatArray:
        """Rewards of the market's customers whose window is over."""
        table = SimulatedMarket(events=self.events, seed=self.seed).load().decisions
        assert table is not None
        decisions = check_table("decisions", table)
        when = seconds(decisions[columns.TIMESTAMP])
        made = customer_rewards(
            row_numbers(decisions[columns.CUSTOMER])[0], when, logged_rewards(decisions),
            window=self.window * DAY, at=int(when.max()),
        )  # fmt: skip
        return made.totals[made.is_complete]

    def _stopped(
        self,
        generator: np.random.Generator,
        pool: FloatArray,
        entered: IntArray,
        *,
        lift: float,
        gain: float,
    ) -> float:
        """The first day, from 1, at which the interval of a test excludes 0; inf for none."""
        control = generator.choice(pool, entered[-1])
        treated = generator.choice(pool, entered[-1])
        treated += generator.choice(pool, entered[-1]) * (generator.random(entered[-1]) < lift)
        return _first_day(_arm(treated, entered), _arm(control, entered), gain)


def _stopped_rare(generator: np.random.Generator, looks: IntArray) -> float:
    """As above without an effect: accepts of 1 %, 40 and 360 customers a day and arm."""
    control, treatment = (
        _arm((generator.random(count[-1]) < 0.01).astype(np.float64), count)
        for count in (40 * looks, 360 * looks)
    )
    return _first_day(treatment, control, 0.01)


def _first_day(treatment: Arm, control: Arm, gain: float) -> float:
    steps = confidence_sequence(
        *difference(treatment, control), information=planned_information(gain)
    )
    days = np.flatnonzero(steps.excludes_zero)
    return float(days[0]) + 1 if len(days) else np.inf


def _arm(rewards: FloatArray, entered: IntArray) -> Arm:
    return Arm(
        customers=entered,
        sums=np.cumsum(rewards)[entered - 1],
        squares=np.cumsum(rewards**2)[entered - 1],
    )
