"""Readings of logs and what they say to do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small_test import START, log, started

from recsys.errors import InputError
from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.reading import read_log
from recsys.policy.live_tests.verdict import verdict


def after(days: int) -> pd.Timestamp:
    return START + pd.Timedelta(days=days)


def test_a_reading_equals_sums_by_hand() -> None:
    plan = started("2025-03-01")
    decisions = log(plan, gain=0.3, stage=0)
    reading = read_log(plan, decisions, after(20))
    arms = plan.assigned(decisions["customer_id"].to_numpy(), 0)
    is_over = decisions["timestamp"] + pd.Timedelta(days=7) <= after(20)
    for number, arm in enumerate(plan.arms):
        rewards = decisions["reward"][is_over & (arms == number)]
        assert reading.rewards[arm].means[-1] == pytest.approx(rewards.mean())
        assert reading.rewards[arm].variances[-1] == pytest.approx(rewards.var())
        assert reading.measured[arm] == len(rewards)
    assert len(reading.days) == 20
    assert (np.diff(reading.days) == DAY).all()
    # The intervals of earlier days are those that were read then.
    earlier = read_log(plan, decisions, after(13)).latest("new")
    assert reading.intervals["new"].low[12] == pytest.approx(earlier.low)


def test_a_customer_who_joins_with_a_wider_stage_enters_there() -> None:
    plan = started("2025-03-01", "2025-03-11")
    twice = pd.concat([log(plan, days=5), log(plan, days=5)], ignore_index=True)
    twice.loc[len(twice) // 2 :, "timestamp"] += pd.Timedelta(days=15)
    reading = read_log(plan, twice, after(30))
    entered = reading.customers.entered - int(START.timestamp())
    in_pilot = plan.assigned(reading.ids.to_numpy(), 0) >= 0
    assert (entered[in_pilot] < 5 * DAY).all()
    assert (entered[~in_pilot] >= 15 * DAY).all()
    assert len(entered) == pytest.approx(2_000, rel=0.05)
    assert sum(reading.measured.values()) == (~in_pilot).sum()


def test_a_pilot_without_harm_widens_and_the_last_stage_ends_with_a_win() -> None:
    plan = started("2025-03-01")
    decisions = log(plan, gain=0.3)
    assert str(verdict(plan, read_log(plan, decisions, after(12)))).startswith(
        "continue: control has measured"
    )
    assert str(verdict(plan, read_log(plan, decisions, after(28)))) == (
        "widen: to half, 50% of the customers: a loss above 0.1 a customer is excluded; "
        "set stages[1].starts"
    )
    wide = started("2025-03-01", "2025-03-10", "2025-03-14")
    result = verdict(wide, read_log(wide, decisions, after(40)))
    assert result.action == "stop"
    assert result.reason.startswith("win: new earns more than control by at least 0.2")


@pytest.mark.parametrize(
    ("gain", "lost", "reason"),
    [
        (-0.4, 0.0, "harm: new earns less than control by at least 0."),
        (0.0, 0.0, "futile: a gain of 0.2 a customer is excluded; the largest that is possible"),
        (0.3, 0.3, "broken: control has"),
    ],
)
def test_a_test_stops_for_a_reason(gain: float, lost: float, reason: str) -> None:
    plan = started("2025-03-01", "2025-03-10")
    result = verdict(plan, read_log(plan, log(plan, gain=gain, lost=lost), after(30)))
    assert result.action == "stop"
    assert result.reason.startswith(reason)


def test_a_stage_without_a_verdict_ends_with_its_days() -> None:
    plan = started("2025-03-01", gain=0.01)
    plan = replace(plan, stages=[replace(plan.stages[0], harm=0.0), *plan.stages[1:]])
    assert str(verdict(plan, read_log(plan, log(plan), after(29)))).startswith(
        "continue: new may still lose"
    )
    assert str(verdict(plan, read_log(plan, log(plan), after(30)))) == (
        "stop: out of time: no verdict in the 30 days of pilot"
    )


def test_a_log_that_is_not_of_the_test_is_refused() -> None:
    plan = started("2025-03-01")
    with pytest.raises(InputError, match="got none; is it the right log"):
        read_log(plan, log(plan, customers=1), after(5))
    with pytest.raises(InputError, match=r"plan\.stages\[0\]\.starts: expected a moment before"):
        read_log(plan, log(plan), START - pd.Timedelta(days=1))
    with pytest.raises(InputError, match="got none; set it when the test begins"):
        read_log(started(None), log(plan))


def test_of_several_treatments_the_one_that_wins_is_named() -> None:
    plan = started(
        "2025-03-01", "2025-03-10", "2025-03-14", arms={"control": 0.4, "a": 0.3, "b": 0.3}
    )
    reading = read_log(plan, log(plan, gain=0.3), after(40))
    assert set(reading.intervals) == {"a", "b"}
    assert reading.latest("a").low > 0.1
    assert reading.latest("b").low < 0 < reading.latest("b").high
    assert verdict(plan, reading).reason.startswith("win: a earns more than control")
