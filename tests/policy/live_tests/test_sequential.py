"""Always-valid intervals: the formula, the rate of false wins, and the time to stop."""

from math import log, sqrt

import numpy as np
import pytest

from benchmarks.live_tests import LiveTestsSuite
from recsys.errors import InputError
from recsys.policy.live_tests.sequential import (
    FEWEST,
    Arm,
    confidence_sequence,
    difference,
    planned_information,
)


def test_the_interval_is_the_published_formula() -> None:
    # Waudby-Smith et al. (2024), theorem 2.2, with t = 100 observations of variance 4.
    rho2, count, alpha = 0.02, 100, 0.05
    width = 2 * sqrt(2 * (count * rho2 + 1) / (count**2 * rho2)
                     * log(sqrt(count * rho2 + 1) / alpha))  # fmt: skip
    # In information 1 / variance = count / 4 the tuning parameter is 4 rho^2.
    log_alpha = -2 * log(alpha)
    information = (log_alpha + log(log_alpha) + 1) / (4 * rho2)
    steps = confidence_sequence(np.array([1.0]), np.array([4 / count]), information=information)
    assert steps.low[0] == pytest.approx(1 - width, rel=1e-12)
    assert steps.high[0] == pytest.approx(1 + width, rel=1e-12)


def test_it_is_tightest_near_the_planned_information() -> None:
    planned = planned_information(0.1)
    assert planned == pytest.approx(784.9, abs=0.1)
    widths = []
    for tuned in planned * np.array([0.1, 0.8, 1.0, 1.25, 10]):
        steps = confidence_sequence(np.zeros(1), np.array([1 / planned]), information=tuned)
        widths.append(steps.high[0])
    assert min(widths) == pytest.approx(widths[2], rel=2e-3)
    assert widths[2] * sqrt(planned) == pytest.approx(1.96 * 1.55, rel=1e-2)


def test_the_difference_has_the_variance_of_both_arms_at_least_that_of_all() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.exponential(size=80), generator.exponential(size=60)
    counts = [np.array([40, len(values)]) for values in (first, second)]
    arms = [
        Arm(customers=count, sums=np.cumsum(values)[count - 1],
            squares=np.cumsum(values**2)[count - 1])
        for count, values in zip(counts, (first, second), strict=True)
    ]  # fmt: skip
    gap, variance = difference(*arms)
    assert np.isnan([gap[0], variance[0]]).all()  # fewer than FEWEST
    assert counts[0][0] < FEWEST
    assert gap[1] == pytest.approx(first.mean() - second.mean())
    of_all = np.concatenate([first, second]).var(ddof=1)
    own = [max(values.var(ddof=1), of_all) for values in (first, second)]
    assert variance[1] == pytest.approx(own[0] / 80 + own[1] / 60)
    steps = confidence_sequence(gap, variance, information=100.0)
    assert (steps.low[0], steps.high[0]) == (-np.inf, np.inf)
    assert not steps.excludes_zero[0]


def test_simulated_tests_that_are_read_daily_stop_late_enough_and_early_enough() -> None:
    figures = LiveTestsSuite(tests=150, events=20_000, days=14).figures()
    assert figures["false_positive_rate"] <= 0.05
    assert figures["rare_false_positive_rate"] <= 0.05
    assert figures["stopped_within_2_5"] >= 0.8


def test_rare_rewards_in_a_small_arm_make_no_false_wins() -> None:
    generator, looks = np.random.default_rng(0), np.arange(1, 41) * 100
    stopped = 0
    for _ in range(300):
        arms = []
        for count in (looks, 9 * looks):
            accepted = np.cumsum(generator.random(count[-1]) < 0.01)[count - 1]
            arms.append(Arm(customers=count, sums=accepted * 1.0, squares=accepted * 1.0))
        gap, variance = difference(arms[1], arms[0])
        steps = confidence_sequence(gap, variance, information=planned_information(0.01))
        stopped += steps.excludes_zero.any()
    assert stopped / 300 <= 0.03


@pytest.mark.slow
def test_of_2000_tests_at_most_one_in_20_is_a_false_win() -> None:
    figures = LiveTestsSuite().figures()
    assert figures["tests"] == 2_000
    assert figures["false_positive_rate"] <= 0.05
    assert figures["rare_false_positive_rate"] <= 0.05
    assert figures["stopped_within_2_5"] >= 0.8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": 1.0, "information": 1.0}, "level: expected a number between 0 and 1, got 1"),
        ({"information": 0.0}, "information: expected a number above 0, got 0"),
    ],
)
def test_settings_that_make_no_interval_are_refused(
    settings: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        confidence_sequence(np.zeros(1), np.ones(1), **settings)
