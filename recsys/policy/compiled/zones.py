"""Local time of customers from tables of offsets, so that serving needs no time zone database."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.policy.compiled import checks
from recsys.policy.compiled.search import positions_after
from recsys.policy.compiled.times import DAY, OPEN_START


@dataclass(frozen=True, kw_only=True, eq=False)
class Zones:
    """Z time zones and which of them C customers live in; `zone_tables.compile_zones` makes them.

    Attributes:
        names: [Z] IANA names, such as "Europe/Berlin".
        customers: [C] int16 zone of each customer, -1 where it is unknown.
        unknown: zone of customers whose zone, or who themselves, are unknown.
        starts: [Z + 1] int64 where the offsets of each zone begin.
        transitions: [n] int64 UTC seconds from which an offset holds, ascending within a zone; the
            first of each zone is `OPEN_START`.
        offsets: [n] int32 seconds to add to UTC.

    Raises:
        InputError: the arrays do not fit together.
    """

    names: Sequence[str]
    customers: IntArray
    unknown: int
    starts: IntArray
    transitions: IntArray
    offsets: IntArray

    def __post_init__(self) -> None:
        count = len(self.transitions)
        checks.integers("zones.customers", self.customers, len(self.customers), -1, len(self.names))
        checks.whole("zones.unknown", self.unknown, 0, len(self.names) - 1)
        checks.pointers("zones.starts", self.starts, len(self.names), count)
        checks.integers("zones.transitions", self.transitions, count)
        checks.integers("zones.offsets", self.offsets, count, -2 * DAY, 2 * DAY)
        first = np.zeros(count, dtype=bool)
        first[self.starts[:-1][np.diff(self.starts) > 0]] = True
        if (np.diff(self.starts) < 1).any() or (self.transitions[first] != OPEN_START).any():
            raise InputError("rules.zones.transitions: expected OPEN_START first in each zone")
        if not (np.diff(self.transitions.astype(float)) > 0)[~first[1:]].all():
            raise InputError("rules.zones.transitions: expected ascending times in each zone")

    @cached_property
    def _by_row(self) -> IntArray:
        """[C + 1] zone of each customer; the last is that of unknown customers."""
        zones = np.append(self.customers, -1)
        return np.where(zones < 0, self.unknown, zones)

    def of_rows(self, rows: IntArray) -> IntArray:
        """[B] zone of customer rows [B], -1 for an unknown customer."""
        return self._by_row[rows]

    def offset(self, zones: IntArray, at: IntArray) -> IntArray:
        """[B] int64 seconds to add to UTC in zones [B] at moments [B]."""
        starts, ends = self.starts[zones], self.starts[zones + 1]
        position = positions_after(self.transitions, starts, ends, at) - 1
        return self.offsets[position].astype(np.int64)

    def local(self, rows: IntArray, at: IntArray) -> IntArray:
        """[B] int64 local seconds since 1970 of customer rows [B] at moments [B]."""
        return at + self.offset(self.of_rows(rows), at)

    @classmethod
    def utc(cls, customers: int) -> "Zones":
        """UTC for so many customers."""
        return cls(
            names=["UTC"],
            customers=np.full(customers, -1, np.int16),
            unknown=0,
            starts=np.array([0, 1]),
            transitions=np.array([OPEN_START]),
            offsets=np.zeros(1, np.int32),
        )
