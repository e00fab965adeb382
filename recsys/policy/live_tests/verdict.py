"""What a reading says to do: go on, widen to the next stage, or stop."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from recsys.policy.compiled.times import DAY
from recsys.policy.live_tests.plan import LiveTest, Stage
from recsys.policy.live_tests.reading import Reading

Action: TypeAlias = Literal["continue", "widen", "stop"]


@dataclass(frozen=True)
class Verdict:
    """What to do and why."""

    action: Action
    reason: str

    def __str__(self) -> str:
        return f"{self.action}: {self.reason}"


def verdict(plan: LiveTest, reading: Reading) -> Verdict:
    """Applies the rules of a plan to a reading; the first that holds decides.

    1. stop, broken: the sizes of the arms are not those of the shares.
    2. stop, harm: a treatment certainly earns less than the control group.
    3. stop, futile: no treatment can still reach the gain worth having.
    4. stop, win: in the last stage a treatment certainly earns more.
    5. stop, out of time: the stage has lasted its days.
    6. widen: there is a further stage, each arm has measured its customers in this one, and a loss
       larger than the stage's `harm` is excluded for every treatment.
    7. continue.

    As the intervals hold at all looks together, these rules may be asked every day without raising
    the probability of a wrong win or harm above 1 - level.

    Args:
        plan: of the test.
        reading: its log.
    """
    latest = {arm: reading.latest(arm) for arm in plan.treatments}
    stage, last = plan.stages[reading.stage], reading.stage == len(plan.stages) - 1
    if reading.ratio.is_off:
        sizes = ", ".join(
            f"{arm} has {count:,} customers of {reading.ratio.expected[arm]:,.0f} expected"
            for arm, count in reading.ratio.counts.items()
        )
        return Verdict("stop", f"broken: {sizes}; find out why before any difference is read")
    for arm, interval in latest.items():
        if interval.high < 0:
            return Verdict("stop", f"harm: {arm} earns less than {plan.control} by at least "
                           f"{-interval.high:.4g} a customer")  # fmt: skip
    if all(interval.high < plan.gain for interval in latest.values()):
        best = max(interval.high for interval in latest.values())
        return Verdict("stop", f"futile: a gain of {plan.gain:.4g} a customer is excluded; the "
                       f"largest that is possible is {best:.4g}")  # fmt: skip
    winners = {arm: interval for arm, interval in latest.items() if interval.low > 0}
    if winners and last:
        best_arm = max(winners, key=lambda arm: winners[arm].mean)
        return Verdict("stop", f"win: {best_arm} earns more than {plan.control} by at least "
                       f"{winners[best_arm].low:.4g} a customer")  # fmt: skip
    lasted = _days(stage, reading.at)
    if lasted >= stage.days:
        return Verdict("stop", f"out of time: no verdict in the {stage.days} days of {stage.name}")
    return _widen_or_continue(plan, reading, last)


def _widen_or_continue(plan: LiveTest, reading: Reading, last: bool) -> Verdict:
    stage = plan.stages[reading.stage]
    lows = {arm: reading.latest(arm).low for arm in plan.treatments}
    fewest = min(reading.measured, key=lambda arm: reading.measured[arm])
    worst = min(lows, key=lambda arm: lows[arm])
    if last:
        return Verdict("continue", f"no verdict yet; {_days(stage, reading.at)} of {stage.days} "
                       f"days of {stage.name}, the last stage")  # fmt: skip
    if reading.measured[fewest] < stage.customers:
        return Verdict("continue", f"{fewest} has measured {reading.measured[fewest]:,} of the "
                       f"{stage.customers:,} customers that {stage.name} needs")  # fmt: skip
    bound = np.inf if stage.harm is None else stage.harm
    if lows[worst] < -bound:
        loss = f"{-lows[worst]:.4g}" if np.isfinite(lows[worst]) else "any amount"
        return Verdict("continue", f"{worst} may still lose {loss} a customer, more than the "
                       f"{bound:.4g} tolerated")  # fmt: skip
    following = plan.stages[reading.stage + 1]
    why = (
        "no loss is certain"
        if stage.harm is None
        else f"a loss above {bound:.4g} a customer is excluded"
    )
    return Verdict("widen", f"to {following.name}, {following.share:.0%} of the customers: {why}; "
                   f"set stages[{reading.stage + 1}].starts")  # fmt: skip


def _days(stage: Stage, at: int) -> int:
    """Whole days since a stage began."""
    assert stage.starts is not None
    return (at - int(stage.starts.timestamp())) // DAY
