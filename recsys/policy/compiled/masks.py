"""What each rule allows by itself: for refusals with their rule, and for the funnel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.policy.compiled import checks, offer_masks, touchpoint_masks

if TYPE_CHECKING:
    from recsys.policy.compiled.rules import CompiledRules


def by_rule(
    rules: CompiledRules, rows: IntArray, at: IntArray | int, until: IntArray | int | None = None
) -> Iterator[tuple[str, BoolArray]]:
    """Name of each rule, in the order of `CompiledRules.names`, and what it allows by itself.

    Args:
        rules: of the policy.
        rows: [B] customer rows, -1 for an unknown customer.
        at: [B] or one moment.
        until: as for `CompiledRules.offers`; touchpoints are those of `at`.

    Yields:
        A name, and bool that broadcasts to [B, O, T].
    """
    rows = checks.customer_rows(rows, rules.shape[0])
    when = checks.at(at, len(rows))
    last = when if until is None else checks.at(until, len(rows))
    names = iter(rules.names)
    yield next(names), touchpoint_masks.consent(rules, rows)[:, None, :]
    yield next(names), offer_masks.valid(rules, when, last)[:, :, None]
    yield next(names), rules.pairs()[None]
    for mask in (*_eligibility(rules, rows, when), *_contact_rules(rules, rows, when, last)):
        yield next(names), mask


def first_refusals(rules: CompiledRules, rows: IntArray, at: IntArray | int) -> IntArray:
    """[B, O, T] int16 position in `names` of the first rule that refuses, -1 where none does."""
    first = np.full((len(rows), *rules.shape[1:]), -1, np.int16)
    masks = [mask for _, mask in by_rule(rules, rows, at)]
    # Backwards, so that the first one stays; most rules refuse nothing to a single customer.
    for position in range(len(masks) - 1, -1, -1):
        if not masks[position].all():
            np.copyto(first, position, where=~masks[position])
    return first


def _eligibility(rules: CompiledRules, rows: IntArray, when: IntArray) -> Iterator[BoolArray]:
    for rule in rules.groups:
        yield rule.of_groups(rule.groups_of(rows))[:, :, None]
    if rules.leave_out is None:
        return
    owners, offers, numbers = rules.leave_out.entries(rows, when)
    for number in range(len(rules.leave_out.names)):
        mask = np.ones((len(rows), rules.shape[1]), dtype=bool)
        mask[owners[numbers == number], offers[numbers == number]] = False
        yield mask[:, :, None]


def _contact_rules(
    rules: CompiledRules, rows: IntArray, when: IntArray, last: IntArray
) -> Iterator[BoolArray]:
    closures = touchpoint_masks.closures(rules, rows, when)
    for limit in rules.limits:
        if limit.per_campaign:
            mask = np.ones((len(rows), rules.shape[1]), dtype=bool)
            offer_masks.refuse_campaigns(rules, mask, limit, rows, when, last)
            yield mask[:, :, None]
        else:
            yield _open(*next(closures), when)
    for columns, until in closures:  # of the pause
        yield _open(columns, until, when)
    if rules.one_campaign is not None:
        yield offer_masks.one_campaign(rules, rows, when, last)[:, :, None]
    if rules.quiet_hours:
        local = rules.zones.local(rows, when)
        for hours in rules.quiet_hours:
            yield hours.leaves_open(local)[:, None, :]


def _open(columns: BoolArray, until: IntArray, when: IntArray) -> BoolArray:
    """[B, 1, T] touchpoints that a limit which closes `columns` until then leaves open."""
    return ~((until > when)[:, None] & columns)[:, None, :]
