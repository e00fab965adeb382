from fractions import Fraction as F

import numpy as np
import pytest
from scipy.stats import norm

from recsys.evaluation.off_policy.bernstein import bernstein_interval
from recsys.evaluation.off_policy.estimators import Terms, mean_terms
from recsys.evaluation.off_policy.intervals import (
    bootstrap_intervals,
    normal_interval,
)

RNG = np.random.default_rng(0)
VALUES, WEIGHTS = RNG.random(600), RNG.random(600) + 0.5
CUSTOMERS = RNG.integers(0, 150, 600)
RATIO = Terms(VALUES * WEIGHTS, WEIGHTS, CUSTOMERS)


def test_the_bootstrap_equals_resampling_customers_one_by_one() -> None:
    interval = bootstrap_intervals({"ratio": RATIO}, resamples=2000)["ratio"]
    people = [np.flatnonzero(c == CUSTOMERS) for c in np.unique(CUSTOMERS)]
    rng, draws = np.random.default_rng(1), []
    for _ in range(2000):
        rows = np.concatenate([people[c] for c in rng.integers(0, len(people), len(people))])
        draws.append(RATIO.values[rows].sum() / RATIO.weights[rows].sum())
    assert interval.mean == RATIO.estimate
    assert interval.customers == len(people)
    assert [interval.low, interval.high] == pytest.approx(
        np.quantile(draws, [0.025, 0.975]), abs=0.003
    )


def test_estimates_share_their_resamples() -> None:
    both = bootstrap_intervals({"a": RATIO, "b": mean_terms(VALUES, CUSTOMERS)}, seed=3)
    assert both["a"] == bootstrap_intervals({"a": RATIO}, seed=3)["a"]


def test_the_delta_method_equals_the_bootstraps_spread() -> None:
    bootstrapped = bootstrap_intervals({"ratio": RATIO}, resamples=5000)["ratio"]
    normal = normal_interval(RATIO)
    assert normal.low == pytest.approx(bootstrapped.low, abs=0.002)
    assert normal.high == pytest.approx(bootstrapped.high, abs=0.002)


def test_the_normal_interval_of_single_decisions_is_the_textbooks() -> None:
    interval = normal_interval(mean_terms(VALUES, np.arange(600)), level=0.9)
    reach = norm.ppf(0.95) * VALUES.std(ddof=1) / np.sqrt(600)
    assert interval.high - interval.mean == pytest.approx(reach, rel=0.01)
    assert interval.mean - interval.low == pytest.approx(interval.high - interval.mean)


def test_bernstein_by_hand() -> None:
    # Values 0, 1, 1, 2 of 0 to 4: mean 1, variance of the scaled (1/4)^2 2/3 = 1/24.
    interval = bernstein_interval(mean_terms(np.array([0.0, 1, 1, 2]), np.arange(4)), (-96, 96))
    logarithm = np.log(4 / 0.05)
    variance = float(F(2, 3) / 192**2)
    reach = 192 * (np.sqrt(2 * variance * logarithm / 4) + 7 * logarithm / 9)
    assert interval.mean == 1
    assert interval.high == min(1 + reach, 96)
    many = mean_terms(np.tile([0.0, 1, 1, 2], 1000), np.arange(4000))
    reach = 4 * (np.sqrt(2 * many.values.var(ddof=1) / 16 * logarithm / 4000))
    reach += 4 * 7 * logarithm / 3 / 3999
    assert bernstein_interval(many, (0, 4)).high == pytest.approx(1 + reach)


def test_bernstein_is_wider_than_the_normal_and_wider_where_customers_repeat() -> None:
    single, repeated = mean_terms(VALUES, np.arange(600)), mean_terms(VALUES, CUSTOMERS)
    widths = [
        interval.high - interval.low
        for interval in (
            normal_interval(single),
            bernstein_interval(single, (0, 1)),
            bernstein_interval(repeated, (0, 1)),
        )
    ]
    assert widths == sorted(widths)


def test_one_customer_has_no_interval() -> None:
    terms = mean_terms(VALUES, np.zeros(600, int))
    for interval in (normal_interval(terms), bernstein_interval(terms, (0, 1))):
        assert np.isnan([interval.low, interval.high]).all()
