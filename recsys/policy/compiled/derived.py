"""What the masks look up, computed from the rules once and kept."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.policy.compiled.contact_rules import ContactLimit
from recsys.policy.compiled.contacts import Contacts

if TYPE_CHECKING:
    from recsys.policy.compiled.rules import CompiledRules


class Derived:
    """Tables of the rules, each made at its first use."""

    def __init__(self, rules: CompiledRules) -> None:
        self._rules = rules

    @cached_property
    def classes(self) -> tuple[IntArray, IntArray]:
        """Customers who share their groups in all rules: [C + 1] class, and [K, R] its groups.

        The last class is that of unknown customers, so that row -1 has it.
        """
        columns = [np.append(rule.customers, rule.unknown_group) for rule in self._rules.groups]
        classes, count = np.zeros(self._rules.shape[0] + 1, np.int64), 1
        for rule, column in zip(self._rules.groups, columns, strict=True):
            codes = classes * (len(rule.allowed) + 1) + column + 1
            distinct, classes = np.unique(codes, return_inverse=True)
            count = len(distinct)
        firsts = np.zeros(count, np.int64)
        firsts[classes] = np.arange(len(classes))
        return classes, np.stack(columns, axis=1)[firsts] if columns else np.zeros((1, 0), np.int32)

    @cached_property
    def offers_of_campaign(self) -> tuple[IntArray, IntArray]:
        """[M + 1] where the offers of each campaign begin, and the offers by campaign."""
        order = np.argsort(self._rules.campaigns, kind="stable")
        starts = np.searchsorted(
            self._rules.campaigns[order], np.arange(len(self._rules.campaign_names) + 1)
        )
        return starts, order

    @cached_property
    def offers_beside_campaign(self) -> BoolArray:
        """[M + 2, O] bool of campaign m or of none; row M: of none; row M + 1: all offers."""
        wanted = np.arange(len(self._rules.campaign_names) + 2)[:, None]
        mask = (self._rules.campaigns < 0) | (self._rules.campaigns == wanted)
        mask[-1] = True
        return np.asarray(mask)

    @property
    def touchpoint_limits(self) -> list[ContactLimit]:
        """The limits that close touchpoints; the others close campaigns."""
        return [limit for limit in self._rules.limits if not limit.per_campaign]

    @cached_property
    def counted_contacts(self) -> list[Contacts]:
        """The contacts that each of `touchpoint_limits` counts."""
        touchpoints = self._rules.contacts.touchpoints
        is_outbound = np.append(self._rules.outbound, False)[touchpoints]
        return [
            self._rules.contacts.only(is_outbound if at < 0 else touchpoints == at)
            for at in (limit.touchpoint for limit in self.touchpoint_limits)
        ]

    @cached_property
    def campaign_contacts(self) -> Contacts:
        """The contacts with a campaign."""
        return self._rules.contacts.only(self._rules.contacts.campaigns >= 0)

    @cached_property
    def rejected_contacts(self) -> Contacts:
        """The contacts whose offer was rejected."""
        return self._rules.contacts.only(self._rules.contacts.rejected)
