import numpy as np
import pytest
from scipy.stats import norm

from recsys.evaluation.intervals import Interval, bootstrap, lift, percentiles, resampled_means


def test_the_mean_is_over_queries() -> None:
    values = np.array([1.0, 0.0, 0.5, 0.5])
    result = bootstrap({"recall@5": values}, np.array([7, 7, 7, 3]), resamples=200)["recall@5"]
    assert result.mean == 0.5
    assert result.customers == 2


def test_hand_worked_resamples_of_two_customers() -> None:
    # One query of 1 and three of 0: a resample is (a, a), (a, b) or (b, b), so 1, 1/4 or 0.
    result = resampled_means(np.array([[1.0], [0.0]]), np.array([1.0, 3.0]), 4000, seed=0)
    values, counts = np.unique(result, return_counts=True)
    assert values.tolist() == [0, 0.25, 1]
    np.testing.assert_allclose(counts / 4000, [0.25, 0.5, 0.25], atol=0.03)


def test_queries_of_one_customer_stay_together() -> None:
    generator = np.random.default_rng(0)
    taste = generator.random(50)
    alone = bootstrap({"m": taste}, np.arange(50))["m"]
    # The same 50 customers, each asking 20 times with the same answer: nothing more is known.
    often = bootstrap({"m": np.repeat(taste, 20)}, np.repeat(np.arange(50), 20))["m"]
    assert often.customers == 50
    for bound in ("mean", "low", "high"):
        assert getattr(often, bound) == pytest.approx(getattr(alone, bound))
    as_if_others = bootstrap({"m": np.repeat(taste, 20)}, np.arange(1000))["m"]
    assert as_if_others.high - as_if_others.low < 0.5 * (often.high - often.low)


def test_the_same_seed_gives_the_same_interval_whatever_the_order() -> None:
    generator = np.random.default_rng(1)
    values, customers = generator.random(300), generator.integers(0, 100, 300)
    order = generator.permutation(300)
    first = bootstrap({"m": values}, customers, seed=3)["m"]
    assert first == bootstrap({"m": values}, customers, seed=3)["m"]
    assert first != bootstrap({"m": values}, customers, seed=4)["m"]
    other = bootstrap({"m": values[order]}, customers[order], seed=3)["m"]
    assert (other.low, other.high) == pytest.approx((first.low, first.high))


def test_metrics_share_their_resamples() -> None:
    generator = np.random.default_rng(2)
    values, customers = generator.random(80), np.arange(80)
    both = bootstrap({"a": values, "b": values + 1}, customers)
    assert both["b"].low == pytest.approx(both["a"].low + 1)
    assert both["a"].high == pytest.approx(bootstrap({"a": values}, customers)["a"].high)


def test_a_number_of_resamples_that_is_no_multiple_of_the_chunk() -> None:
    draws = resampled_means(np.ones((5, 2)), np.ones(5), 130, seed=0)
    assert draws.shape == (130, 2)
    np.testing.assert_allclose(draws, 1)


def test_a_higher_level_gives_a_wider_interval() -> None:
    values = np.random.default_rng(3).random(60)
    widths = [
        result.high - result.low
        for level in (0.5, 0.9, 0.99)
        if (result := bootstrap({"m": values}, np.arange(60), level=level)["m"])
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


def test_one_customer_has_an_interval_of_no_width() -> None:
    result = bootstrap({"m": np.array([0.2, 0.4])}, np.array([9, 9]))["m"]
    assert (result.low, result.high) == pytest.approx((0.3, 0.3))


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(4)
    # Customers of 1 to 5 queries, whose values scatter around a taste of their own; truth: 1/2.
    covered = 0
    for trial in range(400):
        asks = generator.integers(1, 6, 120)
        customers = np.repeat(np.arange(120), asks)
        values = np.repeat(generator.random(120), asks) + generator.normal(0, 0.1, asks.sum())
        result = bootstrap({"m": values}, customers, resamples=300, level=0.9, seed=trial)["m"]
        covered += result.low <= 0.5 <= result.high
    # 360 expected, with a standard deviation of 6; an interval of 80 % would cover 320.
    assert 342 <= covered <= 378


def test_a_query_without_a_value_is_left_out_of_that_metric_only() -> None:
    values = np.array([1.0, np.nan, 0.0, np.nan])
    result = bootstrap({"some": values, "all": np.arange(4.0)}, np.array([0, 0, 1, 2]))
    assert (result["some"].mean, result["some"].customers) == (0.5, 2)
    assert (result["all"].mean, result["all"].customers) == (1.5, 3)


def test_gaps_are_as_if_the_customers_had_not_asked() -> None:
    generator = np.random.default_rng(5)
    values, customers = generator.random(300), np.arange(300) // 2
    values[generator.random(300) < 0.3] = np.nan
    there = ~np.isnan(values)
    (result,) = bootstrap({"m": values}, customers, resamples=4000).values()
    (alone,) = bootstrap({"m": values[there]}, customers[there], resamples=4000).values()
    assert (result.mean, result.customers) == (pytest.approx(alone.mean), alone.customers)
    # The customers drawn are others, the interval is the same but for chance.
    assert result.low == pytest.approx(alone.low, abs=0.005)
    assert result.high == pytest.approx(alone.high, abs=0.005)


def test_without_any_value_there_is_no_interval() -> None:
    result = bootstrap({"none": np.full(3, np.nan), "m": np.ones(3)}, np.arange(3))
    assert np.isnan([result["none"].mean, result["none"].low, result["none"].high]).all()
    assert (result["none"].customers, result["m"].customers) == (0, 3)


def test_a_handful_of_customers_among_many_has_an_interval() -> None:
    values = np.full(1000, np.nan)
    values[:2] = 0.0, 1.0
    result = bootstrap({"rare": values}, np.arange(1000))["rare"]
    # Most resamples draw one of the two alone, and many neither.
    assert (result.mean, result.low, result.high, result.customers) == (0.5, 0, 1, 2)


def test_percentiles_by_hand() -> None:
    # 0, 1, ..., 100 and three draws that say nothing.
    draws = np.r_[np.nan, np.arange(101.0)[::-1], np.nan, np.nan][:, None]
    low, high = percentiles(draws, 0.9, 10**9)
    assert (low[0], high[0]) == (pytest.approx(5, abs=1e-5), pytest.approx(95, abs=1e-5))
    # Of three customers: t at 5 % with two degrees of freedom is -2.920, times sqrt(3 / 2).
    tail = norm.cdf(-2.919986 * np.sqrt(1.5))
    low, high = percentiles(draws, 0.9, 3)
    assert (low[0], high[0]) == (pytest.approx(100 * tail, abs=1e-3), pytest.approx(100 - low[0]))


def test_percentiles_of_infinite_draws() -> None:
    draws = np.array([[1.0, np.inf], [2.0, np.inf], [np.inf, np.inf], [np.inf, np.nan]])
    low, high = percentiles(draws, 0.5, 10**9)
    assert (low[1], high[1]) == (np.inf, np.inf)
    assert (low[0], high[0]) == (pytest.approx(1.75), np.inf)


def test_lift_by_hand() -> None:
    a, b = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])
    assert lift(a, b, np.array([0, 0, 1])).mean == 2
    assert lift(a, b, np.array([0, 0, 1])).customers == 2
    # Twice as good for everybody is twice as good in every resample.
    result = lift(2 * a, a, np.arange(3))
    assert (result.mean, result.low, result.high) == (2, 2, 2)


def test_lift_is_paired_and_its_own_inverse() -> None:
    generator = np.random.default_rng(6)
    b, customers = generator.random(400), np.arange(400) // 2
    a = b * 1.1 + generator.normal(0, 0.01, 400)
    result, inverse = lift(a, b, customers), lift(b, a, customers)
    assert 1.09 < result.low < result.mean < result.high < 1.11
    assert inverse.mean == pytest.approx(1 / result.mean)
    assert (inverse.low, inverse.high) == pytest.approx((1 / result.high, 1 / result.low), rel=1e-5)


def test_lift_over_nothing() -> None:
    ones, zeros, customers = np.ones(50), np.zeros(50), np.arange(50)
    assert lift(ones, zeros, customers) == Interval(np.inf, np.inf, np.inf, 50)
    result = lift(zeros, zeros, customers)
    assert np.isnan([result.mean, result.low, result.high]).all()
    # Only one customer finds anything with b: about a third of the resamples miss them.
    rare = np.where(customers == 0, 1.0, 0.0)
    result = lift(ones, rare, customers)
    assert (result.mean, result.high) == (50, np.inf)
    assert result.low < 20
    # Where a finds nothing either, the resamples without that customer say nothing.
    result = lift(rare, rare, customers)
    assert (result.mean, result.low, result.high) == (1, 1, 1)


def test_lift_leaves_queries_out_that_one_model_has_no_value_for() -> None:
    a, b = np.array([1.0, np.nan, 4.0, 1.0]), np.array([1.0, 5.0, np.nan, 0.5])
    result = lift(a, b, np.arange(4))
    assert (result.mean, result.customers) == (pytest.approx(4 / 3), 2)
    assert lift(a[1:3], b[1:3], np.arange(2)).customers == 0
