"""An independent check of decisions: one after the other, with loops and the time zone database.

It reads the rules' fields and nothing else of this package, so that a mistake in the masks cannot
hide here. About 20 microseconds a decision.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.policy.compiled.contact_rules import ContactLimit, QuietHours
from recsys.policy.compiled.eligibility import GroupRule
from recsys.policy.compiled.fits import BUDGET, CAPACITY
from recsys.policy.compiled.rules import CompiledRules


class _Decision(NamedTuple):
    customer: int
    offer: int
    touchpoint: int
    when: int


class _Contact(NamedTuple):
    when: int
    touchpoint: int
    campaign: int
    rejected: bool


_Check = Callable[[_Decision, Sequence[_Contact]], bool]


def violations(
    rules: CompiledRules,
    customers: IntArray,
    offers: IntArray,
    touchpoints: IntArray,
    when: IntArray,
    *,
    rejected: BoolArray | None = None,
    costs: FloatArray | None = None,
    start: int = 0,
) -> dict[str, int]:
    """How many of n decisions break each rule; each is a contact for those that follow it.

    Args:
        rules: with the contacts before the decisions.
        customers: [n] rows, -1 for an unknown customer.
        offers: [n] rows.
        touchpoints: [n] rows.
        when: [n] UTC seconds; decisions of one second count in the given order.
        rejected: [n] bool whether the customer rejected the offer; None for never.
        costs: [T] of a decision at each touchpoint; None for 0.
        start: a moment at which a day of capacity and budget begins.

    Returns:
        Name of each rule -> decisions that break it; `capacity`: decisions above the capacity of
        their touchpoint and day; `budget`: days that cost more than the budget.
    """
    checks = list(_checks(rules))
    counts = dict.fromkeys((name for name, _ in checks), 0)
    history = _history(rules)
    order = np.argsort(when, kind="stable").tolist()
    for i in order:
        decision = _Decision(int(customers[i]), int(offers[i]), int(touchpoints[i]), int(when[i]))
        past = history[decision.customer]
        for name, is_broken in checks:
            counts[name] += is_broken(decision, past)
        if decision.customer >= 0:
            campaign = int(rules.campaigns[decision.offer])
            answer = rejected is not None and bool(rejected[i])
            past.append(_Contact(decision.when, decision.touchpoint, campaign, answer))
    return counts | _over_limits(rules, touchpoints, when, costs, start)


def _checks(rules: CompiledRules) -> Iterator[tuple[str, _Check]]:
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


def _history(rules: CompiledRules) -> dict[int, list[_Contact]]:
    history: dict[int, list[_Contact]] = defaultdict(list)
    contacts = rules.contacts
    for customer in range(len(rules.consent)):
        for i in range(int(contacts.starts[customer]), int(contacts.starts[customer + 1])):
            history[customer].append(
                _Contact(
                    int(contacts.when[i]),
                    int(contacts.touchpoints[i]),
                    int(contacts.campaigns[i]),
                    bool(contacts.rejected[i]),
                )
            )
    return history


def _without_consent(rules: CompiledRules, made: _Decision, past: Sequence[_Contact]) -> bool:
    if made.customer < 0:
        return not rules.unknown_consent[made.touchpoint]
    return not rules.consent[made.customer, made.touchpoint]


def _outside_dates(rules: CompiledRules, made: _Decision, past: Sequence[_Contact]) -> bool:
    first, end = rules.valid_from[made.offer], rules.valid_to[made.offer]
    return bool(made.when < first or made.when >= end)


def _elsewhere(rules: CompiledRules, made: _Decision, past: Sequence[_Contact]) -> bool:
    return int(rules.offer_touchpoints[made.offer]) not in (-1, made.touchpoint)


def _not_eligible(rule: GroupRule, made: _Decision, past: Sequence[_Contact]) -> bool:
    group = rule.unknown_group if made.customer < 0 else int(rule.customers[made.customer])
    return group < 0 or not rule.allowed[group, rule.offers[made.offer]]


def _left_out(rules: CompiledRules, number: int, made: _Decision, past: Sequence[_Contact]) -> bool:
    entries = rules.leave_out
    if made.customer < 0 or entries is None:
        return False
    for i in range(int(entries.starts[made.customer]), int(entries.starts[made.customer + 1])):
        is_it = entries.offers[i] == made.offer and entries.rules[i] == number
        if is_it and made.when < entries.until[i]:
            return True
    return False


def _over_limit(
    rules: CompiledRules, limit: ContactLimit, made: _Decision, past: Sequence[_Contact]
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


def _in_pause(
    rules: CompiledRules, seconds: int, made: _Decision, past: Sequence[_Contact]
) -> bool:
    if not rules.outbound[made.touchpoint]:
        return False
    return any(c.rejected and c.when <= made.when < c.when + seconds for c in past)


def _second_campaign(
    rules: CompiledRules, seconds: int, made: _Decision, past: Sequence[_Contact]
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
    made: _Decision,
    past: Sequence[_Contact],
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


def _over_limits(
    rules: CompiledRules,
    touchpoints: IntArray,
    when: IntArray,
    costs: FloatArray | None,
    start: int,
) -> dict[str, int]:
    made: dict[tuple[int, int], int] = defaultdict(int)
    spent: dict[int, float] = defaultdict(float)
    for touchpoint, at in zip(touchpoints.tolist(), when.tolist(), strict=True):
        day = (at - start) // 86_400
        made[day, touchpoint] += 1
        spent[day] += 0.0 if costs is None else float(costs[touchpoint])
    above = sum(max(0, n - float(rules.capacity[t])) for (_, t), n in made.items())
    # Sums of cents differ from the budget by rounding, not by a decision.
    over = sum(total > rules.budget * (1 + 1e-9) for total in spent.values())
    return {CAPACITY: int(np.ceil(above)), BUDGET: over}
