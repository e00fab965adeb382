"""Whether the parts of rules fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recsys.errors import InputError
from recsys.policy.compiled import checks

if TYPE_CHECKING:
    from recsys.policy.compiled.rules import CompiledRules

OF_A_DAY = CAPACITY, BUDGET = "capacity", "budget"
"""Names of what limits a day's plan as a whole; no rule has them."""


def require_fits(rules: CompiledRules) -> None:
    """Raises `InputError`, which names the field, unless all parts are of one C, O, T and M."""
    checks.booleans("consent", rules.consent, np.shape(rules.consent))
    if rules.consent.ndim != 2:
        raise InputError(f"rules.consent: expected bool [C, T], {checks.got(rules.consent)}")
    customers, touchpoints = rules.consent.shape
    offers, campaigns = np.size(rules.campaigns), len(rules.campaign_names)
    checks.booleans("unknown_consent", rules.unknown_consent, (touchpoints,))
    checks.booleans("outbound", rules.outbound, (touchpoints,))
    checks.integers("campaigns", rules.campaigns, offers, -1, campaigns)
    checks.integers("offer_touchpoints", rules.offer_touchpoints, offers, -1, touchpoints)
    checks.integers("valid_from", rules.valid_from, offers)
    checks.integers("valid_to", rules.valid_to, offers)
    checks.integers("zones.customers", rules.zones.customers, customers)
    checks.amounts("capacity", rules.capacity, touchpoints)
    checks.amounts("budget", np.array([rules.budget], np.float64), 1)
    _require_customers(rules, customers, offers, touchpoints, campaigns)
    for limit in rules.limits:
        checks.whole(f"{limit.name}.touchpoint", limit.touchpoint, -1, touchpoints - 1)
    for hours in rules.quiet_hours:
        checks.booleans(f"{hours.name}.touchpoints", hours.touchpoints, (touchpoints,))
    for rule in rules.moments:
        checks.booleans(f"{rule.name}.allowed", rule.allowed, (offers,))
    every = (*rules.names, *(rule.name for rule in rules.moments), *OF_A_DAY)
    if len(set(every)) < len(every):
        raise InputError(f"rules.names: expected names that differ, got {list(every)}")


def _require_customers(
    rules: CompiledRules, customers: int, offers: int, touchpoints: int, campaigns: int
) -> None:
    contacts = rules.contacts
    checks.pointers("contacts.starts", contacts.starts, customers, len(contacts))
    checks.integers("contacts.touchpoints", contacts.touchpoints, len(contacts), -1, touchpoints)
    checks.integers("contacts.campaigns", contacts.campaigns, len(contacts), -1, campaigns)
    for rule in rules.groups:
        checks.integers(f"{rule.name}.customers", rule.customers, customers)
        checks.integers(f"{rule.name}.offers", rule.offers, offers)
    if rules.leave_out is not None:
        entries = np.size(rules.leave_out.offers)
        checks.pointers("leave_out.starts", rules.leave_out.starts, customers, entries)
        checks.integers("leave_out.offers", rules.leave_out.offers, entries, 0, offers)
