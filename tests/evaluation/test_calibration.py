"""Brier, log loss, expected calibration error and calibration slope."""

import warnings
from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as scikit_log_loss

from recsys.arrays import FloatArray
from recsys.evaluation.metrics.probability import (
    BrierParts,
    CalibrationLine,
    brier,
    brier_parts,
    calibration_slope,
    expected_calibration_error,
    log_loss,
)

ALL = [brier, brier_parts, log_loss, expected_calibration_error, calibration_slope]


def events(seed: int, count: int = 500, slope: float = 0.7) -> tuple[FloatArray, FloatArray]:
    """Probabilities [N] and outcomes [N] with that calibration slope and an intercept of -0.3."""
    generator = np.random.default_rng(seed)
    x = generator.normal(-1, 1.5, count)
    return expit(x), (generator.random(count) < expit(slope * x - 0.3)).astype(float)


def test_brier_by_hand() -> None:
    assert brier(np.array([0.25, 0.75, 1]), np.array([1, 1, 0])).tolist() == [
        float(Fraction(9, 16)), float(Fraction(1, 16)), 1,
    ]  # fmt: skip


def test_brier_parts_by_hand() -> None:
    # A quarter was forecast twice and came once; three quarters twice and came twice.
    p, y = np.array([0.25, 0.25, 0.75, 0.75]), np.array([0, 1, 1, 1])
    parts = [
        (2 * Fraction(1, 4) ** 2 + 2 * Fraction(1, 4) ** 2) / 4,
        (2 * Fraction(1, 4) ** 2 + 2 * Fraction(1, 4) ** 2) / 4,
        Fraction(3, 4) * Fraction(1, 4),
    ]
    assert brier_parts(p, y) == BrierParts(*map(float, parts))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_brier_parts_add_up(seed: int, count: int) -> None:
    p, y = events(seed, count)
    p = p.round(1)
    parts = brier_parts(p, y)
    total = parts.reliability - parts.resolution + parts.uncertainty
    assert total == pytest.approx(brier(p, y).mean(), abs=1e-12)
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0


def test_log_loss_by_hand() -> None:
    result = log_loss(np.array([0.5, 0.25, 0.25]), np.array([True, True, False]))
    np.testing.assert_allclose(result, [log(2), log(4), log(Fraction(4, 3))], rtol=1e-14)
    certain = log_loss(np.array([1.0, 0.0, 0.0]), np.array([1, 0, 1]))
    np.testing.assert_allclose(certain, [0, 0, 52 * log(2)], atol=1e-15)


def test_brier_and_log_loss_equal_scikit_learn() -> None:
    p, y = events(1)
    assert brier(p, y).mean() == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    assert log_loss(p, y).mean() == pytest.approx(scikit_log_loss(y, p), abs=1e-12)


def test_calibration_error_by_hand() -> None:
    # Bins of a half: {1/4, 1/2} came once of two, {3/4, 1} once of two. 1/2 is of the lower bin.
    p, y = np.array([0.25, 0.5, 0.75, 1]), np.array([0, 1, 0, 1])
    lower = abs(Fraction(3, 8) - Fraction(1, 2))
    upper = abs(Fraction(7, 8) - Fraction(1, 2))
    assert expected_calibration_error(p, y, bins=2) == float((2 * lower + 2 * upper) / 4)
    # One bin knows only the means.
    assert expected_calibration_error(p, y, bins=1) == float(Fraction(5, 8) - Fraction(1, 2))


def test_bins_of_equal_count_by_hand() -> None:
    p, y = np.array([1, 2, 4, 8]) / 64, np.array([0, 0, 0, 1])
    lower, upper = Fraction(3, 64), abs(Fraction(12, 64) - 1)
    result = expected_calibration_error(p, y, bins=2, equal="count")
    assert result == float((lower + upper) / 4)
    # All of them lie in the lower half, where one error hides the other.
    assert expected_calibration_error(p, y, bins=2) == float((1 - Fraction(15, 64)) / 4)


@pytest.mark.parametrize("equal", ["width", "count"])
def test_equal_forecasts_share_a_bin_whatever_their_order(equal) -> None:
    p, y = np.repeat([0.1, 0.3, 0.7], [50, 30, 20]), np.tile([1, 0], 50)
    order = np.random.default_rng(0).permutation(100)
    # The rate is a half everywhere.
    wanted = float((50 * Fraction(4, 10) + 30 * Fraction(2, 10) + 20 * Fraction(2, 10)) / 100)
    for rows in (np.arange(100), order):
        result = expected_calibration_error(p[rows], y[rows], equal=equal)
        assert result == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 50), st.integers(1, 20))
def test_calibration_error_is_between_the_bias_and_one(seed: int, count: int, bins: int) -> None:
    p, y = events(seed, count)
    bias = abs(p.mean() - y.mean())
    for equal in ("width", "count"):
        result = expected_calibration_error(p, y, bins=bins, equal=equal)
        assert bias - 1e-12 <= result <= 1


def test_slope_by_hand() -> None:
    # Two forecasts, so the line goes through the logits of both rates, 1/3 and 2/3: -ln 2 and ln 2.
    # Said was 1/9 and 8/9, whose logits are three times as far out: -3 ln 2 and 3 ln 2.
    p = np.array([Fraction(1, 9)] * 3 + [Fraction(8, 9)] * 3, float)
    result = calibration_slope(p, np.array([0, 0, 1, 0, 1, 1]))
    assert result.converged
    assert result.slope == pytest.approx(float(Fraction(1, 3)), abs=1e-12)
    assert result.intercept == pytest.approx(0, abs=1e-12)


def test_intercept_by_hand() -> None:
    # A half was said of what came one time in three (logits 0 and -ln 2), four fifths of what came
    # two in three (ln 4 and ln 2).
    p = np.repeat([0.5, 0.8], 3)
    result = calibration_slope(p, np.array([0, 0, 1, 0, 1, 1]))
    assert result.intercept == pytest.approx(-log(2), abs=1e-12)
    assert result.slope == pytest.approx(2 * log(2) / log(4), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("slope", [-0.5, 0.2, 1, 4])
def test_slope_equals_scikit_learn_without_penalty(seed: int, slope: float) -> None:
    p, y = events(seed, slope=slope)
    result = calibration_slope(p, y)
    theirs = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    theirs.fit(logit(p)[:, None], y)
    assert result.converged
    assert result.slope == pytest.approx(theirs.coef_[0, 0], abs=1e-7)
    assert result.intercept == pytest.approx(theirs.intercept_[0], abs=1e-7)


@pytest.mark.parametrize(
    ("p", "y", "slope"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], np.inf),
        ([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0], -np.inf),
        ([0.1, 0.5, 0.5, 0.9], [0, 0, 1, 1], np.inf),  # they touch
        ([0.0, 1.0], [0, 1], np.inf),
        ([0.1, 0.9], [1, 1], np.nan),
        ([0.1, 0.9], [0, 0], np.nan),
        ([0.3, 0.3], [0, 1], np.nan),
        ([0.3], [0], np.nan),
    ],
)
def test_data_without_a_line_are_answered(p: list[float], y: list[int], slope: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = calibration_slope(np.array(p), np.array(y))
    # Field by field: two lines with NaN in them are never equal.
    np.testing.assert_equal(vars(result), vars(CalibrationLine(np.nan, slope, False)))


@pytest.mark.parametrize("overlap", [1e-3, 1e-9, 1e-15])
def test_nearly_separate_data_end(overlap: float) -> None:
    p = np.array([0.1, 0.2, 0.5 + overlap, 0.5, 0.8, 0.9])
    result = calibration_slope(p, np.array([0, 0, 0, 1, 1, 1]))
    assert result.slope > 1
    assert result.converged or overlap < 1e-6


def test_certain_and_wrong_ends() -> None:
    result = calibration_slope(np.array([0, 1, 0, 1, 0.5, 1e-300]), np.array([0, 1, 1, 0, 1, 0]))
    assert result.converged
    assert np.isfinite([result.slope, result.intercept]).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(-3, 3))
def test_the_line_is_the_maximum_or_there_is_none(seed: int, count: int, slope: float) -> None:
    p, y = events(seed, count, slope)
    result = calibration_slope(p, y)
    if result.converged:
        x = logit(p)
        miss = y - expit(result.intercept + result.slope * x)
        assert abs(miss.sum()) < 1e-6 * count
        assert abs(miss @ x) < 1e-6 * count
    else:
        assert not np.isfinite(result.slope)


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        ([0.5, 1.5], [0, 1], "between 0 and 1"),
        ([0.5, np.nan], [0, 1], "between 0 and 1"),
        ([0.5, 0.5], [0, 2], "expected 0 or 1"),
        ([0.5, 0.5], [0, 1, 1], r"got \(2,\) and \(3,\)"),
        ([], [], r"got \(0,\)"),
    ],
)
def test_other_input_is_refused(function, p: list[float], y: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(np.array(p), np.array(y))
