"""Which clip, switch and shrinkage the data choose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.evaluation.off_policy.estimators import Terms, mean_terms
from recsys.evaluation.off_policy.thresholds import (
    choose_threshold,
    least_variance,
    slope,
    threshold_grid,
)

RNG = np.random.default_rng(0)
CUSTOMERS = np.arange(500)


def test_slope_by_hand() -> None:
    # [0, 4], [1.5, 3.5], [3.6, 4.4]: the third misses the second.
    half = np.array([1.0, 0.5, 0.2])
    published = 2 * (half[:, None] + half)
    assert slope(np.array([2.0, 2.5, 4.0]), published) == 1
    assert slope(np.array([2.0, 2.5, 3.0]), published) == 2


def test_the_least_variance_without_a_bias_by_hand() -> None:
    estimates, reach = np.array([2.0, 2.5, 4.0, 2.2]), np.array([0.0, 0.6, 1.5, 0.3])
    assert least_variance(estimates, np.array([4.0, 2.0, 1.0, 3.0]), reach) == 1
    assert least_variance(estimates, np.array([4.0, 5.0, 1.0, 6.0]), reach) == 0
    assert least_variance(estimates, np.array([2.0, 2.0, 1.0, 2.0]), reach) == 0


@given(
    rows=st.lists(
        st.tuples(st.floats(-5, 5), st.floats(0.1, 5), st.floats(0, 3)), min_size=1, max_size=8
    )
)
def test_the_chosen_one_shows_no_bias_and_none_without_bias_varies_less(rows: list) -> None:
    estimates, variances, reach = np.array(rows).T
    at = least_variance(estimates, variances, reach)
    shows_none = abs(estimates - estimates[0]) <= reach
    assert shows_none[at]
    assert variances[at] == variances[shows_none].min()


def test_a_harmless_clip_is_taken_to_the_end_and_a_biased_one_is_not() -> None:
    noise = RNG.normal(size=(2, 500))
    grid = threshold_grid(np.array([0.5, 16.0]), 5)
    assert grid == pytest.approx([16, 8, 4, 2, 1])

    def terms(cap: float, bias: float) -> Terms:
        return mean_terms(noise[0] + cap * (noise[1] - noise[1].mean()) - bias, CUSTOMERS)

    assert choose_threshold([terms(cap, 0) for cap in grid]) == 4
    assert choose_threshold([terms(cap, 5 * (cap < 3.9)) for cap in grid]) == 2


def test_a_bias_within_the_noise_of_both_is_seen_as_the_noise_is_shared() -> None:
    # The estimates differ by 0.1 with hardly any error, yet each has an error of 1 / sqrt(500).
    noise = RNG.normal(size=500)
    assert choose_threshold([mean_terms(noise + 0.1 * (k == 2), CUSTOMERS) for k in range(3)]) == 1


def test_noise_of_a_fit_that_cancels_shows_a_bias_that_terms_alone_hide() -> None:
    # Without the noise of the fit the second seems to vary less, and 0.05 is within two errors.
    noise = RNG.normal(size=500)
    noise -= noise.mean()
    first = mean_terms(noise, CUSTOMERS)
    second = mean_terms(np.full(500, 0.05), CUSTOMERS)
    assert choose_threshold([first, second]) == 1
    with_noise = Terms(second.values, second.weights, CUSTOMERS, noise=0.99 * noise)
    whole = Terms(first.values, first.weights, CUSTOMERS, noise=np.zeros(500))
    assert choose_threshold([whole, with_noise]) == 0
