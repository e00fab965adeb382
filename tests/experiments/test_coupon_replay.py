"""The replay of fewer coupons: what an order keeps, by hand, and on the public data."""

from pathlib import Path

import numpy as np
import pytest
from public_data import published

from benchmarks.coupon_orders import campaigns_won, coupons_of_an_acceptance, keep, within
from benchmarks.coupon_replay import CouponReplaySuite
from recsys.data.interactions import NEVER
from recsys.errors import InputError
from recsys.models.acceptance import Sends


def test_equal_scores_at_the_edge_are_kept_in_equal_parts() -> None:
    scores = np.array([3.0, 1, 1, 2])
    assert keep(scores, 1).tolist() == [1, 0, 0, 0]
    assert keep(scores, 3).tolist() == [1, 1 / 2, 1 / 2, 1]
    assert keep(0 * scores, 1).tolist() == [1 / 4] * 4


def test_a_share_of_each_campaign_is_kept_and_at_least_one_mailing() -> None:
    scores, campaigns = np.array([1.0, 2, 3, 4, 9]), np.array([0, 0, 0, 0, 1])
    assert within(scores, campaigns, 0.5).tolist() == [0, 0, 1, 1, 1]
    assert within(scores, campaigns, 0.0).tolist() == [0, 0, 0, 1, 1]
    redeemed = np.array([0.0, 0, 0, 2, 1])
    assert campaigns_won(scores, campaigns, redeemed) == 1
    assert campaigns_won(-scores, campaigns, redeemed) == 0


def test_coupons_of_an_acceptance_know_only_what_was_resolved_before() -> None:
    sends = Sends(
        customers=np.array([0, 1, 2, 3]), offers=np.zeros(4, int),
        touchpoints=np.array([0, 1, 0, 1]),
        when=np.array([0, 0, 10, 10]), outcome=np.array([1, 1, 1, 0]),
        answered=np.array([1, 1, 11, NEVER]), resolved=np.array([5, 5, 15, 15]),
    )  # fmt: skip
    # Before 10 the types have one acceptance each, of 4 and 2 coupons: mean 3, prior 5.
    worth = coupons_of_an_acceptance(sends, np.array([4.0, 2, 7, 0]))
    assert worth.tolist() == [1, 1, (4 + 5 * 3) / 6, (2 + 5 * 3) / 6]


def test_shares_are_between_0_and_1() -> None:
    with pytest.raises(InputError, match=r"suite\.shares: expected numbers between 0 and 1"):
        CouponReplaySuite(root=".", shares=(1.0,), pairwise={})


@pytest.mark.realdata
def test_the_model_keeps_more_coupons_than_a_rule_and_than_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    suite = CouponReplaySuite(
        root=str(published("complete_journey")), pairwise={"l2": 100, "crossed": 0.1},
        shares=(0.5,), resamples=200,
    )  # fmt: skip
    figures = suite.figures()
    assert figures["campaigns"] == 16
    assert figures["within_random_kept_50"] == pytest.approx(0.5, abs=0.01)
    assert figures["within_model_minus_random_kept_50_low"] > 0
    assert figures["within_model_kept_50"] > figures["within_rule_kept_50"]
    assert (tmp_path / "replay.png").exists()
