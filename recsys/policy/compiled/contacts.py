"""Contacts that were made: what contact rules count."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.ops.csr import entry_rows
from recsys.policy.compiled import checks
from recsys.policy.compiled.search import positions_after, ranges_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Contacts:
    """Contacts of C customers, by customer, then time; `Contacts.of` sorts them.

    Attributes:
        starts: [C + 1] int64 where the contacts of each customer begin.
        when: [n] int64 UTC seconds.
        touchpoints: [n] int32, -1 where unknown: such a contact counts for pauses and campaigns.
        campaigns: [n] int32, -1 for none.
        rejected: [n] bool whether the customer rejected what was offered.
    """

    starts: IntArray
    when: IntArray
    touchpoints: IntArray
    campaigns: IntArray
    rejected: BoolArray

    def __post_init__(self) -> None:
        count = np.size(self.when)
        checks.pointers("contacts.starts", self.starts, np.size(self.starts) - 1, count)
        checks.moments("contacts.when", self.when, count)
        checks.integers("contacts.touchpoints", self.touchpoints, count, -1)
        checks.integers("contacts.campaigns", self.campaigns, count, -1)
        checks.booleans("contacts.rejected", self.rejected, (count,))

    def __len__(self) -> int:
        return len(self.when)

    @classmethod
    def of(
        cls,
        customers: IntArray,
        when: IntArray,
        touchpoints: IntArray,
        *,
        count: int,
        campaigns: IntArray | None = None,
        rejected: BoolArray | None = None,
    ) -> "Contacts":
        """Contacts in any order.

        Args:
            customers: [n] rows; contacts of unknown customers, -1, are left out.
            when: [n] UTC seconds.
            touchpoints: [n] rows, -1 where unknown.
            count: C.
            campaigns: [n] rows, -1 for none; None for none anywhere.
            rejected: [n] bool; None for never.

        Raises:
            InputError: arrays of other types, lengths or ranges.
        """
        size = np.size(customers)
        checks.integers("contacts.customers", customers, size, -1, count)
        checks.moments("contacts.when", when, size)
        checks.integers("contacts.touchpoints", touchpoints, size, -1)
        campaigns = np.full(size, -1, np.int32) if campaigns is None else campaigns
        rejected = np.zeros(size, dtype=bool) if rejected is None else rejected
        checks.integers("contacts.campaigns", campaigns, size, -1)
        checks.booleans("contacts.rejected", rejected, (size,))
        order = np.lexsort((when, customers))
        order = order[customers[order] >= 0]
        per_customer = np.bincount(customers[order], minlength=count)
        return cls(
            starts=np.concatenate([[0], np.cumsum(per_customer)]).astype(np.int64),
            when=when[order].astype(np.int64),
            touchpoints=touchpoints[order].astype(np.int32),
            campaigns=campaigns[order].astype(np.int32),
            rejected=rejected[order],
        )

    @classmethod
    def none(cls, count: int) -> "Contacts":
        """No contacts of C = `count` customers."""
        empty = np.zeros(0, np.int64)
        return cls.of(empty, empty, empty, count=count)

    @property
    def customers(self) -> IntArray:
        """[n] int64 customer row of each contact."""
        return entry_rows(self.starts)

    def merged(self, other: "Contacts") -> "Contacts":
        """The contacts of both, of the same customers."""
        names = ("customers", "when", "touchpoints", "campaigns", "rejected")
        both: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names
        }
        return Contacts.of(**both, count=len(self.starts) - 1)

    def only(self, kept: BoolArray) -> "Contacts":
        """The contacts [n] for which `kept` is True."""
        before = np.concatenate([[0], np.cumsum(kept)])
        arrays = {
            field.name: getattr(self, field.name)[kept]
            for field in fields(self)
            if field.name != "starts"
        }
        return Contacts(starts=before[self.starts], **arrays)

    def until(self, rows: IntArray, at: IntArray) -> tuple[IntArray, IntArray]:
        """Where the contacts of rows [B] at or before moments [B] begin and end.

        An unknown customer, -1, has none.
        """
        starts, ends = ranges_of(self.starts, rows)
        return starts, positions_after(self.when, starts, ends, at)
