"""`Boundary`: which rows may be known before a window, derived from the raw rows alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.audit.certificate import Kind, leak
from recsys.data.audit.rows import AllRows, Rows, among, later, rows_of_past
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER, written
from recsys.data.queries import Window
from recsys.errors import InputError

_REMEDY = "keep the row out of what the model is given"


@dataclass(frozen=True, kw_only=True, eq=False)
class Boundary:
    """A window and the rows that may not be known before it.

    Attributes:
        name: "valid" or "test".
        window: as the split made it.
        divides: what separates the past from the answers, see `recsys.data.queries.Split`.
        rows: all interactions.
    """

    name: str
    window: Window
    divides: Literal["cut-off", "part", "last event"]
    rows: AllRows

    def __post_init__(self) -> None:
        """Raises `InputError` if a split by cut-off does not give the start of its window."""
        if self.divides == "cut-off" and (self.window.start is None or not self.rows.are_ordered):
            raise InputError(
                f"leakage audit: the split is by cut-off, but its window {self.name} has no start; "
                "pass start and end to recsys.data.queries.window, or set `divides` of the Split"
            )

    @property
    def past(self) -> Dataset:
        """The events that a model is given."""
        return self.window.past

    @property
    def products(self) -> int:
        """Number of products."""
        return len(self.past.products)

    def is_inside(self, rows: Rows) -> BoolArray:
        """[n] bool, rows with a target action and a product that may be answers of the window."""
        inside = rows.acts(self.past.targets)
        if self.divides == "cut-off":
            inside &= self.late(rows.moments)
            if self.window.end is not None and rows.moments is not None:
                inside &= rows.moments < self.window.end
        elif self.divides == "part" and rows.of_test is not None:
            inside &= rows.of_test == (self.name == "test")
        return inside

    @cached_property
    def answers(self) -> IntArray:
        """Pairs of customer and relevant product of the window, numbered as by `Rows.pairs`."""
        relevant = self.window.queries.relevant
        per_query = np.diff(relevant.indptr)
        customers = np.repeat(self.window.queries.customers.astype(np.int64), per_query)
        return customers * (self.products + 1) + relevant.indices + 1

    @cached_property
    def forbidden(self) -> BoolArray:
        """[N] bool, rows that may not be known: after the cut-off, of test, or answers."""
        if self.divides == "cut-off":
            return self.rows.where(lambda rows: self.late(rows.moments))
        if self.divides == "last event":
            return self._last_answers()
        return self.rows.where(self._is_kept_out)

    def _is_kept_out(self, rows: Rows) -> BoolArray:
        kept_out = np.zeros(len(rows), dtype=bool) if rows.of_test is None else rows.of_test
        if self.name != "valid":
            return kept_out
        return kept_out | among(rows.pairs(self.products), self.answers)

    def late(self, moments: IntArray | None) -> BoolArray:
        """[n] bool, whether moments [n] are at or after the start of the window, which is known."""
        assert moments is not None
        assert self.window.start is not None
        return np.asarray(moments >= self.window.start)

    @property
    def usable(self) -> Iterator[Rows]:
        """The rows that a model may know, from which its derived numbers are counted again.

        In a split by last events the raw rows do not determine them; there it is the past itself,
        which has already been checked to contain no answer.
        """
        whole = self.divides == "last event"
        parts = rows_of_past(self.past).parts() if whole else self.rows.parts(~self.forbidden)
        return (rows for _, rows in parts)

    @property
    def column(self) -> str | None:
        """The column that dates the events; None without a clock."""
        return self.past.clock

    @property
    def cutoff(self) -> str | int | None:
        """The start of the window: ISO 8601 text, or a position; None without a cut-off."""
        return None if self.window.start is None else self.written(self.window.start)

    def written(self, moment: int) -> str | int:
        """A moment in units of the clock as ISO 8601 text, or as a position."""
        return written(moment, self.past.clock)

    def written_or_none(self, moment: int | None) -> str | int | None:
        """As `written`; None for None."""
        return None if moment is None else self.written(moment)

    def latest(self, moments: IntArray | None) -> str | int | None:
        """The latest of some moments, as `written`; None if none is known."""
        return self.written_or_none(later(None, moments))

    def leak(self, kind: Kind, culprits: BoolArray, otherwise: str) -> InputError:
        """The error that names the first forbidden row.

        Args:
            kind: of leak.
            culprits: [N] bool, rows that may have been used.
            otherwise: what is wrong, for the case that none of these rows is forbidden.
        """
        rows = np.flatnonzero(culprits & self.forbidden)
        if not len(rows):
            return leak(
                kind, self.name, "interactions", "numbers that its rows explain", otherwise, _REMEDY
            )
        row = int(rows[0])
        culprit = self.rows.at(rows[:1])
        if self.divides == "cut-off":
            assert culprit.moments is not None
            moment = int(culprit.moments[0])
            got = "no time" if moment == NEVER else self.written(moment)
            expected, column = f"a moment before the cut-off {self.cutoff}", self.column
        elif culprit.of_test is not None and culprit.of_test[0]:
            expected, column, got = "a row of train", columns.PART, columns.TEST_PART
        else:
            expected, column = "no product of an answer", columns.PRODUCT
            got = str(self.past.products.ids[culprit.products[0]])
        return leak(
            kind,
            self.name,
            f"interactions: row {row} ({self._about(culprit)}), column '{column}'",
            expected,
            got,
            _REMEDY,
        )

    def _last_answers(self) -> BoolArray:
        """[N] bool, the last target row of each pair of `answers`."""
        targets = self.past.targets
        positions = np.flatnonzero(
            self.rows.where(
                lambda rows: rows.acts(targets) & among(rows.pairs(self.products), self.answers)
            )
        )
        rows = self.rows.at(positions)
        by_time = np.arange(len(positions))
        if rows.moments is not None:
            # At the same moment, the action that is later in `columns.ACTIONS` came later.
            by_time = np.lexsort((rows.actions, rows.moments))
        _, from_end = np.unique(rows.pairs(self.products)[by_time][::-1], return_index=True)
        last = np.zeros(len(self.rows), bool)
        last[positions[by_time][::-1][from_end]] = True
        return last

    def _about(self, rows: Rows) -> str:
        customer, product = rows.customers[0], rows.products[0]
        who = f"customer {self.past.customers.ids[customer]}"
        return who if product < 0 else f"{who}, product {self.past.products.ids[product]}"
