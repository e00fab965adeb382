import numpy as np
import pytest

from recsys.evaluate.intervals import bootstrap, resampled_means


def test_the_mean_is_over_queries() -> None:
    values = np.array([1.0, 0.0, 0.5, 0.5])
    found = bootstrap({"recall@5": values}, np.array([7, 7, 7, 3]), resamples=200)["recall@5"]
    assert found.mean == 0.5
    assert found.customers == 2


def test_hand_worked_resamples_of_two_customers() -> None:
    # One query of 1 and three of 0: a resample is (a, a), (a, b) or (b, b), so 1, 1/4 or 0.
    found = resampled_means(np.array([[1.0], [0.0]]), np.array([1.0, 3.0]), 4000, seed=0)
    values, counts = np.unique(found, return_counts=True)
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
    one = bootstrap({"m": values}, customers, seed=3)["m"]
    assert one == bootstrap({"m": values}, customers, seed=3)["m"]
    assert one != bootstrap({"m": values}, customers, seed=4)["m"]
    other = bootstrap({"m": values[order]}, customers[order], seed=3)["m"]
    assert (other.low, other.high) == pytest.approx((one.low, one.high))


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
        found.high - found.low
        for level in (0.5, 0.9, 0.99)
        if (found := bootstrap({"m": values}, np.arange(60), level=level)["m"])
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


def test_one_customer_has_an_interval_of_no_width() -> None:
    found = bootstrap({"m": np.array([0.2, 0.4])}, np.array([9, 9]))["m"]
    assert (found.low, found.high) == pytest.approx((0.3, 0.3))


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(4)
    # Customers of 1 to 5 queries, whose values scatter around a taste of their own; truth: 1/2.
    covered = 0
    for trial in range(400):
        asks = generator.integers(1, 6, 120)
        customers = np.repeat(np.arange(120), asks)
        values = np.repeat(generator.random(120), asks) + generator.normal(0, 0.1, asks.sum())
        found = bootstrap({"m": values}, customers, resamples=300, level=0.9, seed=trial)["m"]
        covered += found.low <= 0.5 <= found.high
    # 360 expected, with a standard deviation of 6; an interval of 80 % would cover 320.
    assert 342 <= covered <= 378
