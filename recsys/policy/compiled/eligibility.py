"""Which offers a customer may get at all: by groups, and what leaves the list for a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.ops.until import holds
from recsys.policy.compiled import checks
from recsys.policy.compiled.search import ranges_of

_TABLE_BYTES = 2**24


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupRule:
    """A rule over pairs of customer and offer, by G groups of customers and H groups of offers.

    Attributes:
        name: of the rule.
        customers: [C] int32 group of each customer.
        offers: [O] int32 group of each offer.
        allowed: [G, H] bool.
        unknown_group: group of an unknown customer; -1 refuses all offers.
    """

    name: str
    customers: IntArray
    offers: IntArray
    allowed: BoolArray
    unknown_group: int = -1

    def __post_init__(self) -> None:
        shape = np.shape(self.allowed)
        if len(shape) != 2:
            raise InputError(
                f"rules.{self.name}.allowed: expected bool [G, H], {checks.got(self.allowed)}"
            )
        checks.booleans(f"{self.name}.allowed", self.allowed, shape)
        for field, groups in (("customers", shape[0]), ("offers", shape[1])):
            value = getattr(self, field)
            checks.integers(f"{self.name}.{field}", value, np.size(value), 0, groups)
        checks.whole(f"{self.name}.unknown_group", self.unknown_group, -1, shape[0] - 1)

    def groups_of(self, rows: IntArray) -> IntArray:
        """[B] group of customer rows [B], -1 for an unknown customer."""
        groups = np.full(len(rows), self.unknown_group)
        known = rows >= 0
        groups[known] = self.customers[rows[known]]
        return groups

    @cached_property
    def _by_group(self) -> BoolArray | None:
        """[G + 1, O] bool, the last row for group -1; None where that takes too much memory."""
        groups = len(self.allowed)
        if (groups + 1) * len(self.offers) > _TABLE_BYTES:
            return None
        table = np.zeros((groups + 1, len(self.offers)), dtype=bool)
        np.take(self.allowed, self.offers, axis=1, out=table[:groups])
        return table

    def of_groups(self, groups: IntArray) -> BoolArray:
        """[B, O] bool offers allowed to groups [B] of customers, -1 for none."""
        table = self._by_group
        if table is not None:  # copies of whole rows are ten times as fast as single cells
            return table[groups]
        return self.allowed[groups][:, self.offers] & (groups >= 0)[:, None]


@dataclass(frozen=True, kw_only=True, eq=False)
class LeaveOut:
    """Offers that leave the lists of C customers for a time, such as after a reject.

    Attributes:
        names: [R] of the rules, at most 127.
        starts: [C + 1] int64 where the entries of each customer begin.
        offers: [n] int32 offer of each entry.
        rules: [n] int8 rule of each entry.
        until: [n] int64 UTC seconds from which the offer is back; `OPEN_END` for never.
    """

    names: Sequence[str]
    starts: IntArray
    offers: IntArray
    rules: IntArray
    until: IntArray

    def __post_init__(self) -> None:
        count = np.size(self.offers)
        if len(self.names) > 127:
            raise InputError(f"rules.leave_out: expected at most 127, got {len(self.names)}")
        checks.pointers("leave_out.starts", self.starts, np.size(self.starts) - 1, count)
        checks.integers("leave_out.offers", self.offers, count, 0)
        checks.integers("leave_out.rules", self.rules, count, 0, len(self.names))
        checks.integers("leave_out.until", self.until, count)

    def entries(self, rows: IntArray, at: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Position among rows [B], offer and rule of each entry that holds at moments [B].

        Args:
            rows: [B] customer rows, -1 for an unknown customer, who has none.
            at: [B] int64 UTC seconds.
        """
        owners, positions = expand_ranges(*ranges_of(self.starts, rows))
        held = holds(self.until[positions], at[owners])
        owners, positions = owners[held], positions[held]
        return owners, self.offers[positions], self.rules[positions]
