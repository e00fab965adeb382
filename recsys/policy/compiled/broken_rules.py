"""Whether one decision breaks a rule, in plain Python; for `violations` only."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from recsys.policy.compiled.contact_rules import ContactLimit, QuietHours
from recsys.policy.compiled.eligibility import GroupRule
from recsys.policy.compiled.rules import CompiledRules


class Decision(NamedTuple):
    """An offer to a customer at a touchpoint; rows, and UTC seconds."""

    customer: int
    offer: int
    touchpoint: int
    when: int


class Contact(NamedTuple):
    """What was done before."""

    when: int
    touchpoint: int
    campaign: int
    rejected: bool


Check = Callable[[Decision, Sequence[Contact]], bool]
"""A decision, and the contacts before it -> True where the decision breaks a rule."""


def checks_of(rules: CompiledRules) -> Iterator[tuple[str, Check]]:
    """Name and predicate of each rule; the predicate is True where a decision breaks it."""
    yield "consent", partial(_without_consent, rules)
    yield "validity", partial(_outside_dates, rules)
    yield "offer_touchpoint", partial(_elsewhere, rules)
    for rule in rules.groups:
        yield rule.name, partial(_not_eligible, rule)
    if rules.leave_out is not None:
        for number, name in enumerate(rules.leave_out.names):
            yield name, partial(_left_out, rules, number)
    for limit in rules.limits:
        yield limit.name, partial(_over_limit, rules, limit)
    if rules.pause is not None:
        yield rules.pause.name, partial(_in_pause, rules, rules.pause.seconds)
    if rules.one_campaign is not None:
        yield rules.one_campaign.name, partial(_second_campaign, rules, rules.one_campaign.seconds)
    zones = [ZoneInfo(name) for name in rules.zones.names]
    for hours in rules.quiet_hours:
        yield hours.name, partial(_in_quiet_hours, rules, hours, zones)


def _without_consent(rules: CompiledRules, made: Decision, past: Sequence[Contact]) -> bool:
    if made.customer < 0:
        return not rules.unknown_consent[made.touchpoint]
    return not rules.consent[made.customer, made.touchpoint]


def _outside_dates(rules: CompiledRules, made: Decision, past: Sequence[Contact]) -> bool:
    first, end = rules.valid_from[made.offer], rules.valid_to[made.offer]
    return bool(made.when < first or made.when >= end)


def _elsewhere(rules: CompiledRules, made: Decision, past: Sequence[Contact]) -> bool:
    return int(rules.offer_touchpoints[made.offer]) not in (-1, made.touchpoint)


def _not_eligible(rule: GroupRule, made: Decision, past: Sequence[Contact]) -> bool:
    group = rule.unknown_group if made.customer < 0 else int(rule.customers[made.customer])
    return group < 0 or not rule.allowed[group, rule.offers[made.offer]]


def _left_out(rules: CompiledRules, number: int, made: Decision, past: Sequence[Contact]) -> bool:
    entries = rules.leave_out
    if made.customer < 0 or entries is None:
        return False
    for i in range(int(entries.starts[made.customer]), int(entries.starts[made.customer + 1])):
        is_it = entries.offers[i] == made.offer and entries.rules[i] == number
        if is_it and made.when < entries.until[i]:
            return True
    return False


def _over_limit(
    rules: CompiledRules, limit: ContactLimit, made: Decision, past: Sequence[Contact]
) -> bool:
    campaign = int(rules.campaigns[made.offer])
    if limit.per_campaign:
        if campaign < 0:
            return False
    elif limit.touchpoint >= 0:
        if made.touchpoint != limit.touchpoint:
            return False
    elif not rules.outbound[made.touchpoint]:
        return False
    contacts = 0
    for contact in past:
        if not made.when - limit.seconds < contact.when <= made.when:
            continue
        if limit.per_campaign:
            contacts += contact.campaign == campaign
        elif limit.touchpoint >= 0:
            contacts += contact.touchpoint == limit.touchpoint
        else:
            contacts += contact.touchpoint >= 0 and bool(rules.outbound[contact.touchpoint])
    return contacts >= limit.at_most


def _in_pause(rules: CompiledRules, seconds: int, made: Decision, past: Sequence[Contact]) -> bool:
    if not rules.outbound[made.touchpoint]:
        return False
    return any(c.rejected and c.when <= made.when < c.when + seconds for c in past)


def _second_campaign(
    rules: CompiledRules, seconds: int, made: Decision, past: Sequence[Contact]
) -> bool:
    campaign = int(rules.campaigns[made.offer])
    if campaign < 0:
        return False
    return any(
        c.campaign not in (-1, campaign) and c.when <= made.when < c.when + seconds for c in past
    )


def _in_quiet_hours(
    rules: CompiledRules,
    hours: QuietHours,
    zones: Sequence[ZoneInfo],
    made: Decision,
    past: Sequence[Contact],
) -> bool:
    if not hours.touchpoints[made.touchpoint]:
        return False
    zone = -1 if made.customer < 0 else int(rules.zones.customers[made.customer])
    local = datetime.fromtimestamp(made.when, UTC).astimezone(
        zones[rules.zones.unknown if zone < 0 else zone]
    )
    second = local.hour * 3600 + local.minute * 60 + local.second
    today, yesterday = local.weekday(), (local.weekday() - 1) % 7
    days = [True] * 7 if hours.weekdays is None else hours.weekdays.tolist()
    if hours.start < hours.end:
        return days[today] and hours.start <= second < hours.end
    return (days[today] and second >= hours.start) or (days[yesterday] and second < hours.end)
