"""Visits: events of a customer for the same purpose, close together in time."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, NEVER, Interactions
from recsys.errors import InputError

OWN_ACTIONS = ("view", "click", "cart", "purchase")
"""What customers do of their own accord, from shallow to deep. An answer to an offer is not among
them: it says what the firm was after."""
VISIT_MINUTES = 30
"""A pause of so many minutes ends a visit, as it ends a session in web analytics."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Visits:
    """Arrays [V] over visits, in order of customer, purpose and time.

    Attributes:
        event: [E] row of each event in the data; visit: [E] its visit.
        customer, purpose: row numbers.
        cell: which customer and purpose, 0 to the number of pairs that occur.
        begin, end: days, or positions of an order, since the first event.
        depth: position of the deepest action in `actions`.
        first, last: products of the first and the last event.
        actions: names of the actions that count, from shallow to deep.
        horizon: when the data end, in the same unit.
    """

    event: IntArray
    visit: IntArray
    customer: IntArray
    purpose: IntArray
    cell: IntArray
    begin: FloatArray
    end: FloatArray
    depth: IntArray
    first: IntArray
    last: IntArray
    actions: tuple[str, ...]
    horizon: float

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def cells(self) -> int:
        """Number of pairs of customer and purpose that occur."""
        return int(self.cell[-1]) + 1 if len(self) else 0

    def of_customers(self, keep: BoolArray) -> "Visits":
        """The visits of some customers; `event` and `visit` are those that are left.

        Args:
            keep: [C] bool.
        """
        mask = keep[self.customer]
        number = np.cumsum(mask) - 1
        events = mask[self.visit]
        cell = self.cell[mask]
        return Visits(
            event=self.event[events],
            visit=number[self.visit[events]],
            customer=self.customer[mask],
            purpose=self.purpose[mask],
            cell=np.cumsum(_changes(cell)) - 1,
            begin=self.begin[mask],
            end=self.end[mask],
            depth=self.depth[mask],
            first=self.first[mask],
            last=self.last[mask],
            actions=self.actions,
            horizon=self.horizon,
        )


def own_events(data: Dataset, actions: tuple[str, ...] = OWN_ACTIONS) -> BoolArray:
    """[E] bool, events with a product, one of some actions, and a time where there are times.

    Raises:
        InputError: there are none.
    """
    events = data.interactions
    used = events.has_action(actions) & (events.products >= 0)
    if events.when is not None:
        # A published test row without a time happened nobody knows when.
        used &= events.when != NEVER
    if not used.any():
        had = [columns.ACTIONS[code] for code in np.unique(events.actions)]
        raise InputError(
            "interactions: purposes need events with a product and one of the actions "
            f"{', '.join(actions)}; the data have {', '.join(had) or 'no events'}"
            f"{', none of them so' if had else ''}"
        )
    return used


@dataclass(frozen=True, kw_only=True)
class Span:
    """The time that strands are looked at.

    Attributes:
        start: of the first event, in units of the clock.
        unit: units of the clock in a day; 1 on a clock of order.
        pause: of a length that ends a visit, in days; 0 on a clock of order.
    """

    start: int
    unit: int
    pause: float

    @classmethod
    def of(cls, data: Dataset, minutes: float = VISIT_MINUTES) -> "Span":
        """That of a data set.

        Args:
            data: its events.
            minutes: a longer pause ends a visit; on a clock of order each position is a visit.

        Raises:
            InputError: the data have neither timestamps nor an order.
        """
        when = data.interactions.when
        if when is None or data.clock is None:
            raise InputError(
                "interactions: purposes need a column timestamp or order, got no order of events"
            )
        is_time = data.clock == "timestamp"
        return cls(
            start=int(when.min()) if len(when) else 0,
            unit=DAY if is_time else 1,
            pause=minutes / 1440 if is_time else 0.0,
        )

    def days(self, when: IntArray | int) -> FloatArray:
        """Days (positions) since the start."""
        return np.asarray((when - self.start) / self.unit, np.float64)


def visits(
    events: Interactions,
    used: BoolArray,
    purpose: IntArray,
    span: Span,
    horizon: float,
    actions: tuple[str, ...] = OWN_ACTIONS,
) -> Visits:
    """Joins events to visits.

    Args:
        events: [E], of any customers; those without a time are left out.
        used: [E] bool, those that count.
        purpose: [P] of each product, -1 for none.
        span: their clock.
        horizon: when the data end, in days since the start of the span.
        actions: that count, from shallow to deep.
    """
    assert events.when is not None
    product = events.products
    rows = np.flatnonzero(used & (events.when != NEVER))
    rows = rows[purpose[product[rows]] >= 0]
    rows = rows[np.lexsort((events.when[rows], purpose[product[rows]], events.customers[rows]))]
    customer, of_event = events.customers[rows], purpose[product[rows]]
    moment, product = span.days(events.when[rows]), product[rows]
    new_cell = _changes(customer) | _changes(of_event)
    opens = new_cell | (np.diff(moment, prepend=-np.inf) > span.pause)
    starts = np.flatnonzero(opens)
    ends = np.append(starts[1:], len(rows))[: len(starts)] - 1
    depth = events.positions_in(actions)[rows]
    return Visits(
        event=rows,
        visit=np.cumsum(opens) - 1,
        customer=customer[starts],
        purpose=of_event[starts],
        cell=(np.cumsum(new_cell) - 1)[starts],
        begin=moment[starts],
        end=moment[ends],
        depth=np.maximum.reduceat(depth, starts) if len(starts) else depth,
        first=product[starts],
        last=product[ends],
        actions=actions,
        horizon=horizon,
    )


def _changes(values: IntArray) -> BoolArray:
    """[n] bool, whether a value differs from the one before; True for the first."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]
