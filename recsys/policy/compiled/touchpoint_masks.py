"""At which touchpoints each customer of a tile may be contacted at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.policy.compiled import checks
from recsys.policy.compiled.contacts import Contacts
from recsys.policy.compiled.times import OPEN_START

if TYPE_CHECKING:
    from recsys.policy.compiled.rules import CompiledRules


def allowed(rules: CompiledRules, rows: IntArray, at: IntArray | int) -> BoolArray:
    """[B, T] bool as `CompiledRules.touchpoints`."""
    rows = checks.customer_rows(rows, rules.shape[0])
    when = checks.at(at, len(rows))
    mask = consent(rules, rows) & (blocked_until(rules, rows, when) <= when[:, None])
    if rules.quiet_hours:
        local = rules.zones.local(rows, when)
        for hours in rules.quiet_hours:
            mask &= hours.leaves_open(local)
    return mask


def consent(rules: CompiledRules, rows: IntArray) -> BoolArray:
    """[B, T] bool consent of customer rows [B], -1 for an unknown customer."""
    known = (rows >= 0)[:, None]
    if not len(rules.consent):
        return np.repeat(rules.unknown_consent[None], len(rows), axis=0)
    return np.asarray(np.where(known, rules.consent[rows], rules.unknown_consent))


def blocked_until(rules: CompiledRules, rows: IntArray, last: IntArray) -> IntArray:
    """[B, T] int64 moment from which no limit or pause forbids a contact.

    Args:
        rules: of the policy.
        rows: [B] customer rows, -1 for an unknown customer.
        last: [B] moments up to which contacts count.
    """
    until = np.full((len(rows), rules.shape[2]), OPEN_START)
    for columns, over in closures(rules, rows, last):
        until[:, columns] = np.maximum(until[:, columns], over[:, None])
    return until


def closures(
    rules: CompiledRules, rows: IntArray, last: IntArray
) -> Iterator[tuple[BoolArray, IntArray]]:
    """Each limit of touchpoints, then the pause: [T] which it closes, and [B] until when.

    Arguments as for `blocked_until`.
    """
    limits, counted = rules.derived.touchpoint_limits, rules.derived.counted_contacts
    for limit, contacts in zip(limits, counted, strict=True):
        own = np.arange(rules.shape[2]) == limit.touchpoint
        columns = rules.outbound if limit.touchpoint < 0 else own
        yield columns, _limited_until(contacts, rows, last, limit.at_most, limit.seconds)
    if rules.pause is not None:
        rejected = rules.derived.rejected_contacts
        yield rules.outbound, _limited_until(rejected, rows, last, 1, rules.pause.seconds)


def _limited_until(
    contacts: Contacts, rows: IntArray, last: IntArray, at_most: int, seconds: int
) -> IntArray:
    """[B] int64 moment from which less than `at_most` contacts are in a window of `seconds`.

    The moment at which the last contact but `at_most` leaves the window; `OPEN_START` where there
    are too few contacts up to the moments `last` [B].
    """
    starts, ends = contacts.until(rows, last)
    positions = ends - at_most
    enough = positions >= starts
    until = np.full(len(rows), OPEN_START)
    until[enough] = contacts.when[positions[enough]] + seconds
    return until
