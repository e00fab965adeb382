"""Contacts that happened after the export, for the rules that count them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.policy.compiled import CompiledRules, Contacts, LeaveOut
from recsys.serving.artifact.times import Moment, seconds


@dataclass(frozen=True, kw_only=True)
class RecentContact:
    """A contact with the customer that an artifact does not know yet.

    Attributes:
        touchpoint: where; None where it is unknown.
        when: a datetime with a time zone, UTC seconds, or a text in UTC.
        campaign: of the offer that was made; None for none.
        rejected: whether the customer rejected the offer.
    """

    touchpoint: str | None
    when: Moment
    campaign: str | None = None
    rejected: bool = False


def of_one_customer(
    rules: CompiledRules, row: int, touchpoints: Sequence[str], recent: Sequence[RecentContact]
) -> CompiledRules:
    """The rules for a single customer, in row 0, after further contacts.

    Args:
        rules: of all customers.
        row: of the customer, -1 for an unknown one.
        touchpoints: [T] names.
        recent: further contacts.

    Raises:
        InputError: a contact is none, or of an unknown touchpoint or campaign.
    """
    for contact in recent:
        if not isinstance(contact, RecentContact):
            raise InputError(f"contacts: expected a list of RecentContact, got {shown(contact)}")
    further = Contacts.of(
        np.zeros(len(recent), np.int64),
        np.array([seconds("contacts.when", contact.when) for contact in recent], np.int64),
        np.array(
            [_position("touchpoint", contact.touchpoint, touchpoints) for contact in recent],
            np.int64,
        ),
        count=1,
        campaigns=np.array(
            [_position("campaign", contact.campaign, rules.campaign_names) for contact in recent],
            np.int64,
        ),
        rejected=np.array([contact.rejected for contact in recent], dtype=bool),
    )
    known = rules.contacts
    span = _span(known.starts, row)
    stored = Contacts(
        starts=np.array([0, span.stop - span.start]),
        when=known.when[span],
        touchpoints=known.touchpoints[span],
        campaigns=known.campaigns[span],
        rejected=known.rejected[span],
    )
    zone = rules.zones.of_rows(np.array([row])).astype(np.int16)
    return replace(
        rules,
        consent=rules.consent[[row]] if row >= 0 else rules.unknown_consent[None],
        zones=replace(rules.zones, customers=zone),
        groups=[replace(rule, customers=rule.groups_of(np.array([row]))) for rule in rules.groups],
        leave_out=_leave_out(rules.leave_out, row),
        contacts=stored.merged(further),
    )


def _leave_out(leave_out: LeaveOut | None, row: int) -> LeaveOut | None:
    if leave_out is None:
        return None
    span = _span(leave_out.starts, row)
    return replace(
        leave_out,
        starts=np.array([0, span.stop - span.start]),
        offers=leave_out.offers[span],
        rules=leave_out.rules[span],
        until=leave_out.until[span],
    )


def _span(starts: IntArray, row: int) -> slice:
    """Where the entries of a customer are; nowhere for an unknown one."""
    return slice(int(starts[row]), int(starts[row + 1])) if row >= 0 else slice(0, 0)


def _position(what: str, name: str | UUID | None, names: Sequence[str]) -> int:
    if name is None:
        return -1
    if name not in names:
        raise InputError(
            f"contacts.{what}: the artifact has no {shown(name)}; it has "
            f"{', '.join(map(str, names)) or 'none'}"
        )
    return list(names).index(str(name))
