"""Which offers each customer of a tile may get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.ops.csr import expand_ranges
from recsys.policy.compiled import checks
from recsys.policy.compiled.contact_rules import ContactLimit
from recsys.policy.compiled.search import positions_after
from recsys.policy.compiled.times import OPEN_END

if TYPE_CHECKING:
    from recsys.policy.compiled.rules import CompiledRules


def allowed(
    rules: CompiledRules, rows: IntArray, at: IntArray | int, until: IntArray | int | None
) -> BoolArray:
    """[B, O] bool as `CompiledRules.offers`."""
    rows = checks.customer_rows(rows, rules.shape[0])
    first = checks.at(at, len(rows))
    last = first if until is None else checks.at(until, len(rows))
    mask = eligible(rules, rows)
    mask &= valid(rules, first, last)
    if rules.leave_out is not None:
        owners, offers, _ = rules.leave_out.entries(rows, first)
        mask[owners, offers] = False
    for limit in rules.limits:
        if limit.per_campaign:
            refuse_campaigns(rules, mask, limit, rows, first, last)
    if rules.one_campaign is not None:
        mask &= one_campaign(rules, rows, first, last)
    return mask


def eligible(rules: CompiledRules, rows: IntArray) -> BoolArray:
    """[B, O] bool by the rules over groups; customers who share all groups are done once."""
    classes, groups = rules.derived.classes
    distinct, inverse = np.unique(classes[rows], return_inverse=True)
    mask = np.ones((len(distinct), rules.shape[1]), dtype=bool)
    for rule, column in zip(rules.groups, groups.T, strict=True):
        mask &= rule.of_groups(column[distinct])
    return mask if len(distinct) == len(rows) == 1 else mask[inverse]


def valid(rules: CompiledRules, first: IntArray, last: IntArray) -> BoolArray:
    """[B, O] bool, or [1, O] where all moments are one: the offer's dates hold all the time."""
    if len(first) and (first == first[0]).all() and (last == last[0]).all():
        first, last = first[:1], last[:1]
    begun = rules.valid_from <= first[:, None]
    ended = (rules.valid_to <= last[:, None]) & (rules.valid_to != OPEN_END)
    return np.asarray(begun & ~ended)


def refuse_campaigns(
    rules: CompiledRules,
    mask: BoolArray,
    limit: ContactLimit,
    rows: IntArray,
    first: IntArray,
    last: IntArray,
) -> None:
    """Takes the offers of campaigns whose limit is reached out of a mask [B, O], in place."""
    owners, campaigns = _recent_campaigns(rules, rows, first - limit.seconds, last)
    count = len(rules.campaign_names)
    keys, contacts = np.unique(owners * count + campaigns, return_counts=True)
    full = keys[contacts >= limit.at_most]
    starts, offers = rules.derived.offers_of_campaign
    among, positions = expand_ranges(starts[full % count], starts[full % count + 1])
    mask[(full // count)[among], offers[positions]] = False


def one_campaign(
    rules: CompiledRules, rows: IntArray, first: IntArray, last: IntArray
) -> BoolArray:
    """[B, O] bool: no contact of another campaign within the window."""
    assert rules.one_campaign is not None
    owners, campaigns = _recent_campaigns(rules, rows, first - rules.one_campaign.seconds, last)
    count = len(rules.campaign_names)
    least, most = np.full(len(rows), count), np.full(len(rows), -1)
    np.minimum.at(least, owners, campaigns)
    np.maximum.at(most, owners, campaigns)
    # One campaign: only its offers. Several, row M: none with a campaign. None, row M + 1: all.
    cases = np.where(most < 0, count + 1, np.where(least == most, least, count))
    return rules.derived.offers_beside_campaign[cases]


def _recent_campaigns(
    rules: CompiledRules, rows: IntArray, after: IntArray, last: IntArray
) -> tuple[IntArray, IntArray]:
    """Position among the rows, and campaign, of each contact with one in (after, last]."""
    contacts = rules.derived.campaign_contacts
    starts, ends = contacts.until(rows, last)
    begins = positions_after(contacts.when, starts, ends, after)
    owners, positions = expand_ranges(begins, ends)
    return owners, contacts.campaigns[positions]
