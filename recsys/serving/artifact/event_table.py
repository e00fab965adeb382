"""Events of customers, sorted so that the events of a customer row are one range."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.ops.until import OPEN_END, OPEN_START, holds
from recsys.serving.artifact import checks
from recsys.serving.artifact.times import Clock

TYPES = {
    "customers": np.int32, "products": np.int32, "weights": np.float32,
    "actions": np.int8, "touchpoints": np.int32, "when": np.int64, "until": np.int64,
}  # fmt: skip
"""Arrays of a table, and their types on disk, where their names begin with `event_`."""

_REQUIRED = ("customers", "products", "weights")
_MOST_ACTIONS = 127
"""Actions are int8 on disk."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EventTable:
    """E events, one a pair of customer row and product, the latest, in any order.

    Events whose weight is 0 are known but were not learned from: they may count as seen and explain
    nothing.

    Attributes:
        customers: [E] integers, rows of the artifact's customers.
        products: [E] integers, rows of its products.
        weights: [E] float32, the weight that the model gave the pair.
        actions: [E] integers, positions in `Contents.action_names`; None where unknown.
        touchpoints: [E] integers, rows of its touchpoints, -1 where unknown; None where all are.
        when: [E] int64 in units of the artifact's clock, `OPEN_END` where unknown; None where all
            are.
        until: [E] int64 UTC seconds until which the product is off the customer's list, `OPEN_END`
            for ever, `OPEN_START` where it stays; None for ever for all.

    Raises:
        InputError: types or shapes do not fit together; the message names the field.
    """

    customers: IntArray
    products: IntArray
    weights: FloatArray
    actions: IntArray | None = None
    touchpoints: IntArray | None = None
    when: IntArray | None = None
    until: IntArray | None = None

    def __post_init__(self) -> None:
        if any(getattr(self, name) is None for name in _REQUIRED):
            raise InputError("contents.events: customers, products and weights go together")
        for name in ("customers", "products", "actions", "touchpoints", "when", "until"):
            checks.integers(f"events.{name}", getattr(self, name), len(self))
        checks.vector("events.weights", self.weights, len(self))

    def __len__(self) -> int:
        return len(self.customers)

    def require_fits(
        self, customers: int, products: int, touchpoints: int, actions: int, clock: Clock | None
    ) -> None:
        """Raises `InputError` unless all rows lie below these counts, and times fit the clock."""
        ranges = {
            "customers": (0, customers),
            "products": (0, products),
            "actions": (0, min(actions, _MOST_ACTIONS)),
            "touchpoints": (-1, touchpoints),
        }
        for name, (low, high) in ranges.items():
            checks.integers(f"events.{name}", getattr(self, name), len(self), low, high)
        if self.when is not None:
            checks.times("events.when", self.when[self.when != OPEN_END], clock)
        if self.until is not None:
            timed = (self.until != OPEN_END) & (self.until != OPEN_START)
            checks.times("events.until", self.until[timed], "timestamp")

    def by_customer(self) -> "EventTable":
        """The same events in order of customer row, then product.

        Raises:
            InputError: a pair of customer row and product has two events.
        """
        width = int(self.products.max(initial=0)) + 1
        pairs = self.customers.astype(np.int64) * width + self.products
        if (pairs[1:] > pairs[:-1]).all():
            # As an export makes them: not sorted again, which would take twice the memory.
            return self._typed(self._columns())
        order = np.argsort(pairs, kind="stable")
        repeats = np.flatnonzero(np.diff(pairs[order]) == 0)
        if len(repeats):
            first = order[repeats[0]]
            raise InputError(
                f"contents.events.products: customer row {self.customers[first]} has two events "
                f"with product row {self.products[first]}; keep the latest"
            )
        return self._typed({name: values[order] for name, values in self._columns().items()})

    def take(self, rows: IntArray) -> "EventTable":
        """The events in some rows [n] of this table, in their order."""
        return EventTable(**{name: values[rows] for name, values in self._columns().items()})

    def require_sorted(self) -> None:
        """Raises `ValueError` unless events lie in the order of `by_customer`, each pair once."""
        customers, products = self.customers, self.products
        same = customers[1:] == customers[:-1]
        if (customers[1:] < customers[:-1]).any() or (same & (products[1:] <= products[:-1])).any():
            raise ValueError("the events are not sorted by customer and product, each pair once")

    def of_rows(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """The events of some customer rows; the table must be in the order of `by_customer`.

        Args:
            rows: [n] customer rows.

        Returns:
            For each of m events the position in `rows` [m], and the row in this table [m].
        """
        keys = rows.astype(self.customers.dtype)
        return expand_ranges(
            np.searchsorted(self.customers, keys, side="left"),
            np.searchsorted(self.customers, keys, side="right"),
        )

    def of_customers(self, rows: IntArray) -> "EventTable":
        """The events of some customer rows, which become the rows 0 to n - 1.

        Args:
            rows: [n] as for `of_rows`; a row that is given twice has its events twice.
        """
        customers, taken = self.of_rows(rows)
        return replace(self.take(taken), customers=customers.astype(np.int32))

    def masked(self, rows: IntArray, at: int | None) -> BoolArray:
        """Whether the product of some events [n] of this table is off the list at a moment [n].

        Args:
            rows: [n] rows of this table.
            at: as for `recsys.ops.until.holds`.
        """
        if self.until is None:
            return np.ones(len(rows), dtype=bool)
        return holds(self.until[rows], at)

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The arrays kept with the vectors, by their names on disk."""
        return {f"event_{name}": values for name, values in self._columns().items()}

    @staticmethod
    def _typed(columns: Mapping[str, Any]) -> "EventTable":
        """Columns in the types of the files."""
        return EventTable(
            **{name: values.astype(TYPES[name], copy=False) for name, values in columns.items()}
        )

    def _columns(self) -> dict[str, Any]:
        columns = {name: getattr(self, name) for name in TYPES}
        return {name: values for name, values in columns.items() if values is not None}


def restored(arrays: Mapping[str, Any]) -> EventTable | None:
    """The table of `EventTable.arrays`; None where there is none. Raises as `EventTable`."""
    columns: dict[str, Any] = {name: arrays.get(f"event_{name}") for name in TYPES}
    if all(values is None for values in columns.values()):
        return None
    return EventTable(**columns)
