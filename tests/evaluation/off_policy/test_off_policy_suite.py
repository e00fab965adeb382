"""The coverage suite at a small size: the truth of the market is exact, the figures have names."""

import numpy as np
import pytest

from benchmarks.off_policy import OffPolicySuite, _market, _policies, _value
from benchmarks.off_policy_speed import OffPolicySpeedSuite
from recsys.errors import InputError
from recsys.evaluation.off_policy.estimators import logged_value
from recsys.evaluation.off_policy.named import OF_DECISIONS


@pytest.fixture(autouse=True)
def _folder(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # type: ignore[arg-type]


def test_redrawn_logs_follow_the_true_probabilities() -> None:
    market = _market(0, 4_000)
    np.testing.assert_allclose(market.logging.sum(axis=1), 1)
    logs = OffPolicySuite(decisions=4_000, replications=20)._logs(market)
    means = [logged_value(log).estimate for log in logs]
    error = np.std(means) / np.sqrt(20)
    assert abs(np.mean(means) - _value(market.logging, market)) < 4 * error


def test_target_policies_stay_within_the_log() -> None:
    logging = _market(0, 2_000).logging
    for target in _policies(logging).values():
        np.testing.assert_allclose(target.sum(axis=1), 1)
        assert not (target[logging == 0] > 0).any()


def test_the_figures_have_the_names_of_the_issue() -> None:
    figures = OffPolicySuite(decisions=4_000, replications=2).figures()
    assert {
        "snips_coverage_min", "snips_coverage_max", "dr_coverage_min", "dr_coverage_max",
        "recommended_mse_over_best", "replications",
    } <= set(figures)  # fmt: skip
    assert figures["recommended_mse_over_best"] >= 1


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"decisions": 0}, "decisions"), ({"folds": 1}, "folds"), ({"interval": "x"}, "interval")],
)
def test_a_setting_that_cannot_be_used_is_refused(settings: dict, word: str) -> None:
    with pytest.raises(InputError, match=f"suite.{word}"):
        OffPolicySuite(**settings)


def test_the_speed_suite_times_every_estimator() -> None:
    figures = OffPolicySpeedSuite(decisions=3_000, actions=4, resamples=20).figures()
    assert figures["estimators"] == len(OF_DECISIONS)
    assert figures["effective_sample"] > 500
    assert figures["seconds"] > 0
    with pytest.raises(InputError, match=r"suite\.actions"):
        OffPolicySpeedSuite(actions=1)
