"""Sample size, power, days, and the moments that they are made from."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.off_policy_moments import off_policy_moments
from recsys.policy.live_tests.planning import arrivals, days_needed, power, sample_size
from recsys.policy.live_tests.rewards import Moments, customer_rewards, design_effect

COIN = Moments(mean=0.1, variance=0.09, customers=1_000)


def test_the_sample_is_that_of_the_textbook() -> None:
    # (1.959964 + .841621)^2 (.09 + .09) / .02^2 = 3,532
    assert sample_size(COIN, treatment=Moments(0.12, 0.09, 10)) == 3_532
    assert sample_size(COIN, 0.2, treatment=Moments(0.5, 0.09, 10)) == 3_532
    # The variance of a rare reward grows with its mean: .09 + .108.
    assert sample_size(COIN, 0.2) == 3_886


def test_unequal_arms_need_more_customers_in_all() -> None:
    even, uneven = sample_size(COIN, 0.2), sample_size(COIN, 0.2, ratio=9)
    assert 10 * uneven > 2 * even


def test_the_sample_has_the_power_that_it_is_made_for() -> None:
    for ratio, wanted in product((0.5, 1, 4), (0.8, 0.95)):
        customers = sample_size(COIN, 0.05, power=wanted, ratio=ratio)
        got = power(COIN, 0.05, customers=[customers, 0], ratio=ratio)
        assert got[0] == pytest.approx(wanted, abs=1e-3)
        assert got[1] == pytest.approx(0.05)


def test_power_is_what_simulated_tests_find() -> None:
    generator = np.random.default_rng(0)
    control, treated = (generator.binomial(2_000, p, 4_000) / 2_000 for p in (0.1, 0.12))
    errors = np.sqrt((control * (1 - control) + treated * (1 - treated)) / 2_000)
    simulated = (np.abs(treated - control) / errors > 1.959964).mean()
    assert power(COIN, 0.2, customers=2_000) == pytest.approx(simulated, abs=0.03)


def test_days_follow_from_the_customers_who_come() -> None:
    entered = np.array([0, 0, 5, DAY, 3 * DAY])
    assert arrivals(entered).tolist() == [3, 1, 0, 1]
    assert days_needed(arrivals(entered), 4, share=1.0, window=7 * DAY) == 2 + 7
    assert days_needed(arrivals(entered), 2, share=0.5, window=7 * DAY) == 2 + 7
    assert days_needed(arrivals(entered), 6, share=1.0, window=7 * DAY) is None


@pytest.mark.parametrize(
    ("moments", "lift", "message"),
    [
        (COIN, None, "lift: expected a relative gain such as .05, got none"),
        (COIN, 0.0, "lift: expected a number above -1 other than 0, got 0"),
        (Moments(0.0, 0.0, 5), 0.1, "decisions: expected rewards that differ"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    moments: Moments, lift: float | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        sample_size(moments, lift)
    with pytest.raises(InputError, match="power: expected a number between 0 and 1, got 1"):
        sample_size(COIN, 0.1, power=1)
    with pytest.raises(InputError, match="ratio: expected a number above 0"):
        sample_size(COIN, 0.1, ratio=0)


def test_a_customer_counts_once_for_a_window_from_the_first_decision() -> None:
    customers, when = np.array([0, 1, 0, 0, 2]), np.array([5, 0, 14, 15, 40])
    made = customer_rewards(customers, when, np.array([1.0, 2, 4, 8, 16]), window=10, at=20)
    assert made.customers.tolist() == [1, 0]
    assert made.entered.tolist() == [0, 5]
    assert made.totals.tolist() == [2, 5]
    assert made.decisions.tolist() == [1, 2]
    assert made.is_complete.tolist() == [True, True]
    early = customer_rewards(customers, when, np.ones(5), window=10, at=14)
    assert early.is_complete.tolist() == [True, False]
    assert made.moments == Moments(3.5, 4.5, 2)
    with pytest.raises(InputError, match="expected two customers with a whole window, got 1"):
        _ = early.moments


def test_the_design_effect_is_the_size_of_clusters_of_equal_decisions() -> None:
    customers, when = np.repeat(np.arange(4), 3), np.zeros(12, np.int64)
    same = customer_rewards(customers, when, np.repeat([0.0, 1, 0, 1], 3), window=1, at=9)
    assert design_effect(same) == pytest.approx(3)
    none = customer_rewards(customers, when, np.ones(12), window=1, at=9)
    assert np.isnan(design_effect(none))


def test_off_policy_moments_have_the_true_ones_as_expectation() -> None:
    # A customer has two decisions of two actions; the log plays 3/4, 1/4, the target 1/3, 2/3.
    log, target = (Fraction(3, 4), Fraction(1, 4)), (Fraction(1, 3), Fraction(2, 3))
    worth = (Fraction(1), Fraction(3))
    pairs = list(product(range(2), repeat=2))
    true_mean = sum(2 * target[a] * worth[a] for a in range(2))
    true_square = sum(target[a] * target[b] * (worth[a] + worth[b]) ** 2 for a, b in pairs)
    # Logs of 16 x 100 customers in which every pair comes exactly as often as it is expected.
    actions = np.array([pair for pair in pairs
                        for _ in range(int(1600 * log[pair[0]] * log[pair[1]]))])  # fmt: skip
    flat = actions.ravel()
    made = off_policy_moments(
        np.arange(len(flat)) // 2,
        np.array([float(worth[a]) for a in flat]),
        np.array([float(log[a]) for a in flat]),
        np.array([float(target[a]) for a in flat]),
    )
    assert made.mean == pytest.approx(float(true_mean))
    assert made.variance == pytest.approx(float(true_square - true_mean**2))
    assert made.customers == 1_600


def test_a_policy_that_the_log_does_not_carry_is_refused() -> None:
    ones, rows = np.ones(50), np.arange(50)
    with pytest.raises(InputError, match="sample of at least 100, got 50"):
        off_policy_moments(rows, ones, ones, ones)
    with pytest.raises(InputError, match="propensity: row 0: expected a probability above 0"):
        off_policy_moments(rows, ones, 0 * ones, ones)
    with pytest.raises(InputError, match="probability: row 0: expected a probability and up to 1"):
        off_policy_moments(rows, ones, ones, 2 * ones)
