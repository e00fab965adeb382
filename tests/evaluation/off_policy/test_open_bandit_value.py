"""Open Bandit: the uniform log towards Thompson's shares by item and slot, and what is refused."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from public_data import published

from recsys.data.check import check_table
from recsys.data.sources.open_bandit import OpenBandit
from recsys.errors import InputError
from recsys.evaluation.off_policy.named import OF_DECISIONS
from recsys.reports.off_policy.decision_log import decision_log
from recsys.reports.off_policy.report import PolicyReport, ReportSettings, policy_report
from recsys.reports.off_policy.targets import target_of


@cache
def _report(campaign: Any, policy: str, target: str) -> PolicyReport:
    source = OpenBandit(root=published("open_bandit"), campaign=campaign, policy="both")
    table = source.load().decisions
    assert table is not None
    log = decision_log(
        check_table("decisions", table), policy=policy, are_customers_independent=False
    )
    return policy_report(
        source.name, log, [target_of("target", target, log)], ReportSettings(resamples=200)
    )


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("campaign", "logged", "snips", "sample"),
    [("men", 0.0046, 0.00574, 2869), ("women", 0.0046, 0.00583, 3492)],
)
def test_every_estimator_stands_beside_the_logged_rate(
    campaign: str, logged: float, snips: float, sample: int
) -> None:
    report = _report(campaign, "random", "policy:bts")
    (value,) = report.values
    assert tuple(value.estimates) == OF_DECISIONS
    assert value.logged.mean == logged
    assert value.estimates["snips"].interval.mean == pytest.approx(snips, abs=1e-4)
    assert value.estimates["snips"].diagnostics.effective_sample == pytest.approx(sample, abs=1)
    assert report.targets[0].is_approximate
    for estimate in value.estimates.values():
        assert estimate.interval.low < 0.0046 < estimate.interval.high


@pytest.mark.realdata
def test_the_reverse_direction_is_carried_by_men_alone() -> None:
    value = _report("men", "bts", "uniform").values[0]
    assert value.estimates["ips"].diagnostics.effective_sample == pytest.approx(655.7, abs=0.1)
    assert value.logged.mean == 0.0069
    # What the uniform policy earned beside it.
    interval = value.estimates["snips"].interval
    assert interval.low < 0.0046 < interval.high
    with pytest.raises(InputError, match=r"target=uniform: the log of 10,000 carries an effective"):
        _report("women", "bts", "uniform")


@pytest.mark.realdata
def test_uniform_over_a_slot_is_uniform_over_all_items() -> None:
    target = _report("men", "bts", "uniform").targets[0]
    np.testing.assert_allclose(target.probabilities, 1 / 34)
