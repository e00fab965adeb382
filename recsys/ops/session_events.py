"""What customers do by themselves, in order of customer and time, and its sessions."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.arrays import IntArray

STEPS = ("view", "click", "cart", "purchase", "contact")
"""Actions that a customer takes; the answer to an offer (accept, reject, ignore) is none."""
VIEW, CLICK, CART, PURCHASE, CONTACT = range(len(STEPS))

GAP = 1_800
"""Seconds: a longer pause ends a session, as in web analytics."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionEvents:
    """E events, sorted by customer, then time; made by `of`.

    Attributes:
        customers: [E] row numbers.
        when: [E] int64 UTC seconds.
        steps: [E] positions in `STEPS`.
        products: [E] row numbers, -1 for none.
        groups: [E] group of the product, such as its category, -1 for none.
        touchpoints: [E] row numbers, -1 where unknown.
    """

    customers: IntArray
    when: IntArray
    steps: IntArray
    products: IntArray
    groups: IntArray
    touchpoints: IntArray

    @classmethod
    def of(
        cls,
        *,
        customers: IntArray,
        when: IntArray,
        steps: IntArray,
        products: IntArray,
        groups: IntArray,
        touchpoints: IntArray,
    ) -> tuple["SessionEvents", IntArray]:
        """Events in any order; of equal times in the order given.

        Args:
            customers: [n] row numbers.
            when: [n] UTC seconds.
            steps: [n] positions in `STEPS`; events with -1 are left out.
            products: [n] row numbers, -1 for none.
            groups: [P] group of each product.
            touchpoints: [n] row numbers, -1 where unknown.

        Returns:
            The events, and the position [E] of each among those given.
        """
        order = np.lexsort((when, customers))
        order = order[steps[order] >= 0]
        rows = products[order].astype(np.int64)
        events = cls(
            customers=customers[order].astype(np.int64),
            when=when[order].astype(np.int64),
            steps=steps[order].astype(np.int64),
            products=rows,
            groups=np.append(groups, -1)[rows].astype(np.int64),
            touchpoints=touchpoints[order].astype(np.int64),
        )
        return events, order

    def __len__(self) -> int:
        return len(self.when)

    @cached_property
    def starts(self) -> IntArray:
        """[S] position of the first event of each session.

        A session ends with a pause of more than `GAP`, and where the customer changes touchpoint.
        """
        if not len(self):
            return np.zeros(0, np.int64)
        changes = (
            (self.customers[1:] != self.customers[:-1])
            | (self.touchpoints[1:] != self.touchpoints[:-1])
            | (self.when[1:] - self.when[:-1] > GAP)
        )
        return np.concatenate([[0], np.flatnonzero(changes) + 1]).astype(np.int64)

    @cached_property
    def sessions(self) -> IntArray:
        """[E] session of each event."""
        is_first = np.zeros(len(self), np.int64)
        is_first[self.starts] = 1
        return np.cumsum(is_first) - 1

    @cached_property
    def ends(self) -> IntArray:
        """[S] position behind the last event of each session."""
        return np.append(self.starts[1:], len(self))
