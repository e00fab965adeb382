"""The independent check counts what is broken, decision by decision."""

from typing import Any

import numpy as np

from recsys.policy.compiled import CompiledRules, ContactLimit, OneCampaign, Pause, QuietHours
from recsys.policy.compiled.times import DAY
from recsys.policy.compiled.violations import violations
from tests.policy.compiled.shop import APP, CALL, EMAIL, NOON, rules


def broken(rules: CompiledRules, *decisions: tuple[int, ...], **settings: Any) -> dict[str, int]:
    """Rules broken by decisions of (customer, offer, touchpoint, when), without those kept."""
    columns = [np.array(column) for column in zip(*decisions, strict=True)]
    counts = violations(rules, *columns, **settings)
    return {name: count for name, count in counts.items() if count}


def test_each_decision_is_a_contact_for_the_next() -> None:
    daily = rules(limits=[ContactLimit(name="daily", at_most=1, seconds=DAY)])
    pair = (0, 0, EMAIL, NOON), (0, 1, CALL, NOON + DAY - 1)
    assert broken(daily, *pair) == {"daily": 1}
    assert broken(daily, *reversed(pair)) == {"daily": 1}
    assert broken(daily, (0, 0, EMAIL, NOON), (0, 1, CALL, NOON + DAY), (1, 0, CALL, NOON)) == {}
    assert broken(daily, (0, 0, APP, NOON), (0, 0, CALL, NOON), (0, 0, APP, NOON)) == {}


def test_a_reject_begins_a_pause_and_a_campaign_keeps_others_out() -> None:
    shop = rules(
        campaigns=np.array([0, 1, -1, -1]),
        campaign_names=["loan", "card"],
        pause=Pause(name="pause", seconds=DAY),
        one_campaign=OneCampaign(name="one", seconds=DAY),
    )
    made = (0, 0, EMAIL, NOON), (0, 1, EMAIL, NOON + 60), (0, 2, APP, NOON + 90)
    rejected = np.array([True, False, False])
    assert broken(shop, *made, rejected=rejected) == {"pause": 1, "one": 1}


def test_an_unknown_customer_needs_consent_and_is_nobody_twice() -> None:
    daily = rules(
        limits=[ContactLimit(name="daily", at_most=1, seconds=DAY)],
        unknown_consent=np.array([True, True, False]),
    )
    assert broken(daily, (-1, 0, CALL, NOON)) == {"consent": 1}
    assert broken(daily, (-1, 0, EMAIL, NOON), (-1, 0, EMAIL, NOON)) == {}


def test_quiet_hours_are_broken_at_their_touchpoints_only() -> None:
    closed = np.arange(3) == CALL
    shop = rules(
        quiet_hours=[QuietHours(name="noon", touchpoints=closed, start=43_200, end=50_000)]
    )
    assert broken(shop, (0, 0, CALL, NOON), (0, 0, EMAIL, NOON), (0, 0, CALL, NOON - 1)) == {
        "noon": 1
    }


def test_capacity_and_budget_are_those_of_a_day_from_the_start() -> None:
    shop = rules(capacity=np.array([np.inf, 1.0, np.inf]), budget=3.0)
    costs = np.array([0.0, 1.0, 2.0])
    made = (0, 0, EMAIL, NOON), (1, 0, EMAIL, NOON + 1), (2, 0, CALL, NOON + DAY - 1)
    assert broken(shop, *made, costs=costs, start=NOON) == {"capacity": 1, "budget": 1}
    assert broken(shop, *made[1:], costs=costs, start=NOON) == {}
    assert broken(shop, *made, costs=costs, start=NOON + 1) == {}
