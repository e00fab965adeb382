import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from recsys.arrays import FloatArray
from recsys.evaluation.forecast_statistics import brier_skill, ranking, slopes
from recsys.evaluation.forecasts import STATISTICS, forecasts
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.metrics.probability import (
    calibration_slope,
    expected_calibration_error,
    log_loss,
)


def events(seed: int, count: int = 300) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probabilities with ties, outcomes of both kinds and whole weights, each [N]."""
    generator = np.random.default_rng(seed)
    x = generator.normal(-1, 1.5, count).round(1)
    y = (generator.random(count) < expit(0.8 * x)).astype(float)
    y[:2] = 0, 1
    weights = generator.poisson(1, count).astype(float)
    weights[:2] = 1
    return expit(x), y, weights


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_areas_equal_those_of_scikit_learn(seed: int, count: int) -> None:
    p, y, weights = events(seed, count)
    auc, precision = ranking(p, y, np.column_stack([np.ones(count), weights]))
    for column, weight in enumerate((None, weights)):
        assert auc[column] == pytest.approx(roc_auc_score(y, p, sample_weight=weight))
        expected = average_precision_score(y, p, sample_weight=weight)
        assert precision[column] == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_slopes_equal_the_metric_on_repeated_events(seed: int) -> None:
    p, y, weights = events(seed)
    result = slopes(p, y, np.column_stack([np.ones(len(p)), weights]))
    times = weights.astype(int)
    repeated = calibration_slope(np.repeat(p, times), np.repeat(y, times)).slope
    assert result == pytest.approx([calibration_slope(p, y).slope, repeated], rel=1e-5)


def test_brier_skill_by_hand() -> None:
    y, ones = np.array([1.0, 0, 0, 0]), np.ones((4, 1))
    assert brier_skill(np.full(4, 0.25), y, ones) == pytest.approx([0])
    assert brier_skill(y, y, ones) == pytest.approx([1])
    # (0.25 + 0 + 0.25 + 0) / 4 against 3 / 16.
    assert brier_skill(np.array([0.5, 0, 0.5, 0]), y, ones) == pytest.approx([1 - 0.125 / 0.1875])


def test_a_resample_of_one_outcome_has_no_area() -> None:
    p, y = np.array([0.2, 0.8]), np.array([0.0, 1.0])
    auc, precision = ranking(p, y, np.array([[1.0, 1, 0], [1, 0, 1]]))
    np.testing.assert_array_equal(auc, [1, np.nan, np.nan])
    np.testing.assert_array_equal(precision, [1, np.nan, 1])


def test_estimates_are_the_metrics_and_intervals_those_of_means() -> None:
    p, y, _ = events(0, 600)
    customers = np.random.default_rng(1).integers(0, 200, 600)
    result = forecasts({"model": p}, y, customers, resamples=2000)
    assert {statistic for _, statistic in result.draws} == set(STATISTICS)
    assert result.interval("model", "auc").mean == pytest.approx(roc_auc_score(y, p))
    assert result.interval("model", "ece").mean == pytest.approx(expected_calibration_error(p, y))
    mean = bootstrap({"loss": log_loss(p, y)}, customers, resamples=2000)["loss"]
    loss = result.interval("model", "log_loss")
    assert (loss.mean, loss.customers) == (pytest.approx(mean.mean), mean.customers)
    assert (loss.low, loss.high) == pytest.approx((mean.low, mean.high), abs=0.01)


def test_differences_are_paired_and_have_a_verdict() -> None:
    p, y, _ = events(0, 2000)
    customers = np.arange(2000)
    result = forecasts({"good": p, "same": p, "flat": np.full(2000, 0.3)}, y, customers)
    same = result.difference("good", "same", "auc")
    assert (same.mean, same.low, same.high, same.verdict) == (0, 0, 0, "tie")
    assert result.difference("good", "flat", "auc").verdict == "win"
    assert result.difference("good", "flat", "log_loss").verdict == "loss"
    flat = result.interval("flat", "log_loss").mean
    assert result.ratio("good", "flat", "log_loss").mean == pytest.approx(
        result.interval("good", "log_loss").mean / flat
    )
    assert result.ratio("good", "same", "auc").low == 1
    again = forecasts({"flat": np.full(2000, 0.3), "good": p}, y, customers)
    assert again.difference("good", "flat", "auc") == result.difference("good", "flat", "auc")


def test_customers_and_not_events_are_resampled() -> None:
    p, y, _ = events(0, 100)
    many, fewer = np.repeat(p, 25), np.repeat(y, 25)
    wide = forecasts({"m": many}, fewer, np.repeat(np.arange(100), 25)).interval("m", "auc")
    narrow = forecasts({"m": many}, fewer, np.arange(2500)).interval("m", "auc")
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


@pytest.mark.parametrize(("p", "y"), [([1.2, 0.1], [0, 1]), ([0.2, 0.1], [0, 2]), ([], [])])
def test_what_are_no_forecasts(p: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        forecasts({"m": np.array(p)}, np.array(y), np.arange(len(p)))
