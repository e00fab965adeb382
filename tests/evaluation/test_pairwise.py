"""All pairs at once say what each pair says by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import ttest_1samp

from recsys.evaluation.intervals import lift
from recsys.evaluation.paired import paired_difference
from recsys.evaluation.pairwise import ENOUGH, holm_adjusted, pairwise

GENERATOR = np.random.default_rng(0)
CUSTOMERS = GENERATOR.integers(0, 60, 150)
VALUES = GENERATOR.random((150, 4)) + np.array([0.0, 0.02, 0.1, 0.5])


def test_each_pair_is_what_two_models_alone_would_be() -> None:
    result = pairwise(VALUES, CUSTOMERS, resamples=300)
    assert list(zip(result.first, result.second, strict=True)) == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3),
    ]  # fmt: skip
    for pair, (first, other) in enumerate(zip(result.first, result.second, strict=True)):
        a, b = VALUES[:, first], VALUES[:, other]
        alone = paired_difference(a, b, CUSTOMERS, resamples=300)
        assert result.difference[pair] == pytest.approx(alone.mean)
        assert result.difference_low[pair] == pytest.approx(alone.low)
        assert result.difference_high[pair] == pytest.approx(alone.high)
        ratio = lift(a, b, CUSTOMERS, resamples=300)
        assert result.lift[pair] == pytest.approx(ratio.mean)
        assert result.lift_low[pair] == pytest.approx(ratio.low)
        assert result.lift_high[pair] == pytest.approx(ratio.high)


def test_queries_without_a_value_are_left_out_of_all() -> None:
    gaps = VALUES.copy()
    gaps[::7, 2] = np.nan
    left = np.ones(len(VALUES), bool)
    left[::7] = False
    result, fewer = pairwise(gaps, CUSTOMERS), pairwise(VALUES[left], CUSTOMERS[left])
    np.testing.assert_array_equal(result.difference_low, fewer.difference_low)


@given(st.floats(0.0, 0.6))
def test_a_p_value_below_alpha_goes_with_an_interval_without_zero(shift: float) -> None:
    noise = np.random.default_rng(3).normal(0, 1, 80)
    result = pairwise(np.column_stack([noise + shift, np.zeros(80)]), np.arange(80))
    if result.p_values[0] < 0.05:
        assert result.difference_low[0] > 0 or result.difference_high[0] < 0


def test_far_out_the_p_value_goes_on_falling() -> None:
    noise = np.random.default_rng(4).normal(0, 1, 400)
    noise -= noise.mean()
    shifts = np.array([0.0, 0.1, 0.15, 0.2, 0.3, 0.6])
    result = pairwise(
        np.column_stack([*(noise + shift for shift in shifts), 0 * noise]), np.arange(400)
    )
    p_values = result.p_values[result.second == len(shifts)]
    assert (np.diff(p_values) < 0).all()
    assert p_values[0] > 0.5
    # Counting 1,000 resamples could not say so; a t-test on the same customers does.
    assert 0 < p_values[-1] < 2 * ENOUGH / 1000 / 190
    assert np.log10(p_values[3]) == pytest.approx(
        np.log10(ttest_1samp(noise + 0.2, 0).pvalue), rel=0.1
    )


def test_equal_models_and_a_lone_customer_are_no_news() -> None:
    same = pairwise(np.column_stack([VALUES[:, 0], VALUES[:, 0]]), CUSTOMERS)
    assert same.p_values[0] == 1
    assert same.lift[0] == 1
    lone = pairwise(VALUES[:3], np.zeros(3, int))
    assert (lone.p_values == 1).all()


def test_the_same_gain_everywhere_is_sure() -> None:
    result = pairwise(np.column_stack([np.full(9, 0.75), np.full(9, 0.25)]), np.arange(9))
    assert result.p_values[0] == 0
    assert result.lift_low[0] == result.lift_high[0] == 3


def test_one_model_has_no_pair() -> None:
    assert pairwise(VALUES[:, :1], CUSTOMERS).p_values.shape == (0,)


def test_holm_by_hand() -> None:
    # Ordered .01 .02 .03 .04 times 4 3 2 1: .04 .06 .06 .04, and none below one before it.
    result = holm_adjusted(np.array([0.03, 0.01, 0.04, 0.02]))
    np.testing.assert_allclose(result, [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_array_equal(holm_adjusted(np.array([0.9, 0.8])), [1.0, 1.0])


@given(arrays.arrays(float, st.integers(1, 20), elements=st.floats(0, 1)))
def test_holm_raises_never_reorders_and_never_passes_bonferroni(p_values: np.ndarray) -> None:
    adjusted = holm_adjusted(p_values)
    assert (adjusted >= p_values).all()
    assert (adjusted <= np.minimum(1, p_values * len(p_values)) + 1e-15).all()
    assert (np.diff(adjusted[np.argsort(p_values)]) >= 0).all()


def test_of_many_equal_models_hardly_ever_one_wins() -> None:
    generator = np.random.default_rng(5)
    false = 0
    for seed in range(100):
        skewed = generator.exponential(size=(100, 6)) ** 1.5
        p_values = pairwise(skewed, np.arange(100), resamples=500, seed=seed).p_values
        false += holm_adjusted(p_values).min() < 0.05
    # At .05 a family is wrong 5 times in 100; 12 or more would happen once in 200.
    assert false < 12
