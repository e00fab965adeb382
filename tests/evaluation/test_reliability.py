from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.evaluation.metrics.probability import expected_calibration_error
from recsys.evaluation.reliability import reliability, reliability_by_group
from recsys.evaluation.slices import Cut

P = np.array([0.1, 0.15, 0.35, 0.35, 0.9])
Y = np.array([0, 1, 0, 1, 1])
CUSTOMERS = np.arange(5)


def test_bins_by_hand() -> None:
    result = reliability(P, Y, CUSTOMERS)
    assert result.forecast == pytest.approx([0.1, 0.15, 0.35, 0.9])
    assert result.rate == pytest.approx([0, 1, 0.5, 1])
    assert result.count.tolist() == [1, 1, 2, 1]
    assert result.ece == pytest.approx((0.1 + 0.85 + 2 * 0.15 + 0.1) / 5)
    assert ((result.low <= result.rate) & (result.rate <= result.high)).all()


def test_error_by_group_by_hand() -> None:
    groups = Cut(("web", "app", "none"), np.array([0, 0, 0, 1, 1]))
    result = reliability_by_group(P, Y, CUSTOMERS, groups, bins=2)
    assert list(result) == ["web", "app"]
    # All three in one bin: mean forecast 0.2 and rate 1/3.
    assert result["web"].ece == pytest.approx(1 / 3 - 0.2)
    # One in each bin.
    assert result["app"].ece == pytest.approx((0.65 + 0.1) / 2)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["width", "count"]), st.integers(1, 12))
def test_the_error_is_the_metric(seed: int, equal: Literal["width", "count"], bins: int) -> None:
    generator = np.random.default_rng(seed)
    p, y = generator.beta(1, 3, 50).round(2), generator.integers(0, 2, 50)
    result = reliability(p, y, np.arange(50), bins=bins, equal=equal, resamples=2)
    expected = expected_calibration_error(p, y, bins=bins, equal=equal)
    assert result.ece == pytest.approx(expected)
    assert (np.diff(result.forecast) > 0).all()


def test_intervals_cover_the_true_rate() -> None:
    generator = np.random.default_rng(0)
    p = np.repeat([0.1, 0.5, 0.8], 600)
    covered = np.zeros(3)
    for seed in range(60):
        y = generator.random(len(p)) < p
        result = reliability(p, y, np.arange(len(p)), resamples=300, seed=seed)
        covered += (result.low <= result.forecast) & (result.forecast <= result.high)
    assert (covered >= 52).all()
