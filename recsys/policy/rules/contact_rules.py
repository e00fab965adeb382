"""Contact rules and capacities of a policy by touchpoint row, which no other table changes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.errors import InputError
from recsys.ops.nearest_name import nearest
from recsys.policy.compiled.contact_rules import ContactLimit, OneCampaign, Pause, QuietHours
from recsys.policy.compiled.times import DAY
from recsys.policy.rules.policy import LimitRule, Policy, QuietRule
from recsys.policy.rules.sections import WEEKDAYS


def contact_rules(
    policy: Policy, touchpoints: Sequence[str], outbound: BoolArray, campaigns: Sequence[str]
) -> dict[str, Any]:
    """The fields `limits`, `quiet_hours`, `pause` and `one_campaign` of `CompiledRules`.

    Args:
        policy: of which.
        touchpoints: [T] names.
        outbound: [T] bool, where the firm makes contact.
        campaigns: names of the campaigns.

    Raises:
        InputError: a touchpoint is not known, or a rule cannot bind.
    """
    _require_columns(policy, outbound, campaigns)
    pause, campaign = policy.pause_after_reject, policy.one_campaign_at_a_time
    fields: dict[str, Any] = {
        "limits": [
            _limit(f"policy.contact_limits[{position}]", rule, touchpoints)
            for position, rule in enumerate(policy.contact_limits)
        ],
        "quiet_hours": [
            _quiet(f"policy.quiet_hours[{position}]", rule, touchpoints, outbound)
            for position, rule in enumerate(policy.quiet_hours)
        ],
        "pause": None,
        "one_campaign": None,
    }
    if pause is not None:
        fields["pause"] = Pause(name=pause.name, seconds=pause.days * DAY)
    if campaign is not None:
        fields["one_campaign"] = OneCampaign(name=campaign.name, seconds=campaign.days * DAY)
    return fields


def capacities(policy: Policy, touchpoints: Sequence[str], stated: FloatArray) -> FloatArray:
    """[T] float64 decisions a day: those of the policy, or else those `stated` [T].

    Raises:
        InputError: the policy names an unknown touchpoint.
    """
    capacity = stated.astype(np.float64, copy=True)
    for name, most in policy.capacity.items():
        capacity[_row(f"policy.capacity.{name}", name, touchpoints)] = most
    return capacity


def _limit(path: str, rule: LimitRule, touchpoints: Sequence[str]) -> ContactLimit:
    touchpoint = -1
    if rule.touchpoint is not None:
        touchpoint = _row(f"{path}.touchpoint", rule.touchpoint, touchpoints)
    return ContactLimit(
        name=rule.name,
        at_most=rule.at_most,
        seconds=rule.days * DAY,
        touchpoint=touchpoint,
        per_campaign=rule.per_campaign,
    )


def _quiet(
    path: str, rule: QuietRule, touchpoints: Sequence[str], outbound: BoolArray
) -> QuietHours:
    closed = outbound.copy()
    if rule.touchpoints is not None:
        closed[:] = False
        closed[[_row(f"{path}.touchpoints", name, touchpoints) for name in rule.touchpoints]] = True
    return quiet_hours(rule, closed)


def quiet_hours(rule: QuietRule, touchpoints: BoolArray) -> QuietHours:
    """The hours of a rule at the touchpoints [T] bool that it closes."""
    days = None if rule.days is None else np.array([day in rule.days for day in WEEKDAYS])
    return QuietHours(
        name=rule.name, touchpoints=touchpoints, start=rule.start, end=rule.end, weekdays=days
    )


def _require_columns(policy: Policy, outbound: BoolArray, campaigns: Sequence[str]) -> None:
    """A rule that cannot bind because a column is missing is refused: it would look kept."""
    of_outbound, of_campaigns = [], []
    for position, limit in enumerate(policy.contact_limits):
        path = f"policy.contact_limits[{position}]"
        if limit.per_campaign:
            of_campaigns.append(f"{path}.per")
        elif limit.touchpoint is None:
            of_outbound.append(path)
    for position, hours in enumerate(policy.quiet_hours):
        if hours.touchpoints is None:
            of_outbound.append(f"policy.quiet_hours[{position}]")
    if policy.pause_after_reject is not None:
        of_outbound.append("policy.pause_after_reject")
    if policy.one_campaign_at_a_time is not None:
        of_campaigns.append("policy.one_campaign_at_a_time")
    if of_outbound and not outbound.any():
        raise InputError(
            f"{of_outbound[0]}: expected a touchpoint with outbound = true in the table of "
            "touchpoints, got none; add the column, or name the touchpoints in the rule"
        )
    if of_campaigns and not len(campaigns):
        raise InputError(
            f"{of_campaigns[0]}: expected a column 'campaign' in the table of offers or of "
            "decisions, got none; add it, or leave the rule out"
        )


def _row(path: str, name: str, touchpoints: Sequence[str]) -> int:
    if name not in touchpoints:
        known = ", ".join(touchpoints)
        raise InputError(
            f"{path}: expected one of the touchpoints {known}, got '{name}'; "
            + nearest(name, touchpoints, "drop it, or add it to the table of touchpoints")
        )
    return list(touchpoints).index(name)
