"""Rates against history, expected events and stability, by hand; and how often they are wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ncx2, t

from recsys.evaluation.monitoring.drift import (
    bin_counts,
    concentration,
    numeric_bins,
    stability,
    stability_index,
)
from recsys.evaluation.monitoring.expected import cells, expected_events
from recsys.evaluation.monitoring.history import (
    PeriodRates,
    against_history,
    period_rates,
    values_against_history,
)


def test_a_period_s_variance_is_that_of_its_customers() -> None:
    # Former ratio 3 / 6 = .5; the newest period: customer 0 misses by (1 - .5) + (1 - .5) = 1,
    # customer 1 by -.5 and customer 2 by -.5: squares 1.5, expected 4.
    rates = period_rates(
        np.array([1, 1, 1, 0, 0, 0, 1, 1, 0, 0.0]),
        np.ones(10),
        np.array([0] * 6 + [1] * 4),
        np.array([0, 1, 2, 3, 4, 5, 0, 0, 1, 2]),
        2,
    )
    assert rates.observed.tolist() == [3, 2]
    assert rates.expected.tolist() == [6, 4]
    assert rates.ratios.tolist() == [0.5, 0.5]
    assert rates.variance[1] == pytest.approx(1.5 / 16)


def test_a_share_that_was_never_seen_still_has_a_variance() -> None:
    rates = period_rates(np.zeros(8), np.ones(8), np.repeat([0, 1], 4), np.arange(8), 2)
    assert rates.variance.tolist() == [1 / 16, 1 / 16]


def test_ratios_without_excess_spread_are_compared_by_their_own_variance() -> None:
    # Four former periods of the same ratio: tau^2 = 0, weights 1 / .01, error of the mean .01 / 4.
    rates = PeriodRates(
        observed=np.array([100, 100, 100, 100, 80.0]),
        expected=np.full(5, 100.0),
        variance=np.full(5, 0.01),
    )
    change = against_history(rates)
    assert change.former == pytest.approx(1)
    assert change.spread == 0
    assert change.error == pytest.approx(np.sqrt(0.01 + 0.0025))
    assert change.statistic == pytest.approx(-0.2 / np.sqrt(0.0125))
    assert change.freedom == 3
    assert change.p_lower == pytest.approx(t.cdf(-0.2 / np.sqrt(0.0125), 3))
    assert change.p_lower + change.p_upper == pytest.approx(1)
    assert change.change == pytest.approx(-0.2)


def test_what_varies_between_periods_anyway_widens_the_threshold() -> None:
    # Ratios .8, 1.2, .8, 1.2 with variance .01: Q = 4 * .04 / .01 = 16, excess 16 - 3 = 13,
    # divided by 400 - 4 * 100^2 / 400 = 300: tau^2 = .0433.
    rates = PeriodRates(
        observed=np.array([80, 120, 80, 120, 80.0]),
        expected=np.full(5, 100.0),
        variance=np.full(5, 0.01),
    )
    change = against_history(rates)
    assert change.spread**2 == pytest.approx(13 / 300)
    assert change.error**2 == pytest.approx(0.01 + 13 / 300 + (0.01 + 13 / 300) / 4)


def test_too_little_history_or_too_few_events_are_not_tested() -> None:
    few = PeriodRates(observed=np.ones(4), expected=np.ones(4), variance=np.ones(4))
    assert np.isnan(against_history(few).p_lower)
    rare = PeriodRates(observed=np.full(9, 5.0), expected=np.full(9, 9.0), variance=np.ones(9))
    assert np.isnan(against_history(rare).p_lower)


def test_a_number_is_compared_with_the_spread_of_former_numbers() -> None:
    change = values_against_history(np.array([10, 12, 10, 12, 8.0]))
    deviation = np.sqrt(4 / 3)
    assert change.statistic == pytest.approx(-3 / (deviation * np.sqrt(1.25)))
    assert change.freedom == 3
    assert np.isnan(values_against_history(np.array([10, 12, 10, 8.0])).statistic)


def test_quiet_periods_alarm_as_often_as_they_may() -> None:
    generator = np.random.default_rng(0)
    tails = []
    for _ in range(1500):
        season = np.exp(generator.normal(0, 0.1, 13))
        events = generator.poisson(100 * season).astype(float)
        rates = PeriodRates(
            observed=events, expected=np.full(13, 100.0), variance=np.maximum(events, 1) / 1e4
        )
        tails.append(against_history(rates).p_lower)
    # 5 % +- 1.7 % of 1,500.
    assert 0.025 < np.mean(np.array(tails) < 0.05) < 0.07


def test_expected_events_are_a_cell_s_rate_times_the_offer_s_record() -> None:
    # Cell 0 was accepted 2 of 4 times, cell 1 once in 2. Offer 0 has 2 events of 2 * .5 expected.
    events = np.array([1, 1, 0, 0, 1, 0, 0, 0.0])
    cell = np.array([0, 0, 0, 0, 1, 1, 0, 2])
    offers = np.array([0, 0, 1, 1, 2, 2, 0, 3])
    periods = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    made = expected_events(events, cell, offers, periods, 2, strength=1)
    assert made[:6].tolist() == [0.5] * 6
    assert made[6] == pytest.approx(0.5 * (1 + 2) / (1 + 1))
    # A cell without a past has the rate of all: 3 of 6; a new offer has the factor 1.
    assert made[7] == pytest.approx(0.5)


def test_an_offer_s_own_period_does_not_count_for_itself() -> None:
    periods = np.repeat([0, 1, 2], 4)
    events = np.array([0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0.0])
    zeros = np.zeros(12, int)
    made = expected_events(events, zeros, zeros, periods, 3, strength=2)
    assert made[:4] == pytest.approx(0.75)
    assert made[4:8] == pytest.approx(0.75 * (2 + 2) / (2 + 3))
    assert made[8:] == pytest.approx(0.75 * (2 + 6) / (2 + 6))


def test_cells_are_quantiles_of_probability_or_touchpoints() -> None:
    probability = np.array([0.1, 0.2, 0.3, 0.4, np.nan, 0.35])
    touchpoints = np.array([0, 0, 1, 1, 1, 0])
    made = cells(probability, touchpoints, np.arange(5), bins=2)
    assert made.tolist() == [0, 0, 1, 1, 3, 1]
    assert cells(np.full(2, np.nan), np.array([1, 0]), np.arange(2)).tolist() == [1, 0]


def test_stability_by_hand() -> None:
    # Half a count each: (50.5, 50.5) / 101 and (75.5, 25.5) / 101.
    p, q = np.array([0.5, 0.5]), np.array([75.5, 25.5]) / 101
    assert stability(np.array([50, 50]), np.array([75, 25])).index == pytest.approx(
        float(((q - p) * np.log(q / p)).sum())
    )
    assert stability(np.array([50, 50, 0]), np.array([50, 50, 0])).index == 0
    assert np.isnan(stability(np.array([0, 0]), np.array([1, 2])).index)
    assert stability(np.array([7]), np.array([9])).high == 0
    rows = stability_index(np.array([[50, 50], [5, 0]]), np.array([[75, 25], [0, 0]]))
    assert rows[0] == pytest.approx(float(((q - p) * np.log(q / p)).sum()))
    assert np.isnan(rows[1])


def test_the_ends_of_an_index_are_quantiles_of_its_distribution() -> None:
    made = stability(np.array([500, 300, 200]), np.array([60, 20, 20]), level=0.9)
    noise = 1 / 1000 + 1 / 100
    assert made.low < made.index < made.high
    assert ncx2.cdf(made.index / noise, 2, made.high / noise) == pytest.approx(0.05)
    assert made.low == 0 or ncx2.cdf(made.index / noise, 2, made.low / noise) == pytest.approx(0.95)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6), st.integers(1, 50))
def test_equal_shares_have_no_shift_and_an_order_of_bins_does_not_matter(
    counts: list[int], times: int
) -> None:
    before = np.array(counts) + 1
    assert stability_index(before, before) == pytest.approx(0)
    now = np.roll(before, 1) * times
    forward = stability_index(before, now)
    assert forward >= 0
    assert forward == pytest.approx(float(stability_index(before[::-1], now[::-1])))


def test_an_index_without_a_change_stays_below_its_bound() -> None:
    generator = np.random.default_rng(1)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    lows = [
        stability(
            generator.multinomial(2_000, shares), generator.multinomial(300, shares), level=0.9
        ).low
        for _ in range(200)
    ]
    assert np.mean(np.array(lows) > 0) < 0.1


def test_bins_and_concentration() -> None:
    assert numeric_bins(np.array([1, 2, 3, 4, np.nan, 9]), np.arange(4), bins=2).tolist() == [
        0, 0, 1, 1, -1, 1,
    ]  # fmt: skip
    assert numeric_bins(np.full(2, np.nan), np.arange(2)).tolist() == [-1, -1]
    assert bin_counts(np.array([0, 1, 1, -1]), np.array([0, 0, 1, 1]), 2).tolist() == [
        [1, 1], [0, 1],
    ]  # fmt: skip
    assert concentration(np.array([[5, 5, 0], [8, 1, 1]])).tolist() == pytest.approx([2, 1 / 0.66])
