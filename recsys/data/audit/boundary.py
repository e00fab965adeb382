"""`Boundary`: which rows may be known before a window, derived from the raw rows alone."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.audit.certificate import Kind, leak
from recsys.data.audit.rows import Rows, among, rows_of_past
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
    rows: Rows

    def __post_init__(self) -> None:
        """Raises `InputError` if a split by cut-off does not give the start of its window."""
        if self.divides == "cut-off" and (self.window.start is None or self.rows.moments is None):
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

    @property
    def is_target(self) -> BoolArray:
        """[N] bool, rows with a target action and a product."""
        return self.rows.acts(self.past.targets)

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
            return self.late(self.rows.moments)
        if self.divides == "last event":
            return self._last_answers()
        forbidden = self._of_test
        if self.name == "valid":
            forbidden = forbidden | among(self.rows.pairs(self.products), self.answers)
        return forbidden

    def late(self, moments: IntArray | None) -> BoolArray:
        """[n] bool, whether moments [n] are at or after the start of the window, which is known."""
        assert moments is not None
        assert self.window.start is not None
        return np.asarray(moments >= self.window.start)

    @property
    def usable(self) -> Rows:
        """The rows that a model may know, from which its derived numbers are counted again.

        In a split by last events the raw rows do not determine them; there it is the past itself,
        which has already been checked to contain no answer.
        """
        if self.divides == "last event":
            return rows_of_past(self.past)
        return self.rows.select(~self.forbidden)

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

    def latest(self, moments: IntArray | None) -> str | int | None:
        """The latest of some moments, as `written`; None if none is known."""
        if moments is None or not (moments != NEVER).any():
            return None
        return self.written(moments[moments != NEVER].max())

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
        if self.divides == "cut-off":
            assert self.rows.moments is not None
            moment = int(self.rows.moments[row])
            got = "no time" if moment == NEVER else self.written(moment)
            expected, column = f"a moment before the cut-off {self.cutoff}", self.column
        elif self._of_test[row]:
            expected, column, got = "a row of train", columns.PART, columns.TEST_PART
        else:
            expected, column = "no product of an answer", columns.PRODUCT
            got = str(self.past.products.ids[self.rows.products[row]])
        return leak(
            kind,
            self.name,
            f"interactions: row {row} ({self._about(row)}), column '{column}'",
            expected,
            got,
            _REMEDY,
        )

    @property
    def _of_test(self) -> BoolArray:
        if self.rows.of_test is None:
            return np.zeros(len(self.rows), bool)
        return self.rows.of_test

    def _last_answers(self) -> BoolArray:
        """[N] bool, the last target row of each pair of `answers`."""
        pairs = self.rows.pairs(self.products)
        answers = np.flatnonzero(self.is_target & among(pairs, self.answers))
        if self.rows.moments is not None:
            # At the same moment, the action that is later in `columns.ACTIONS` came later.
            answers = answers[np.lexsort((self.rows.actions[answers], self.rows.moments[answers]))]
        _, from_end = np.unique(pairs[answers][::-1], return_index=True)
        last = np.zeros(len(self.rows), bool)
        last[answers[::-1][from_end]] = True
        return last

    def _about(self, row: int) -> str:
        customer, product = self.rows.customers[row], self.rows.products[row]
        who = f"customer {self.past.customers.ids[customer]}"
        return who if product < 0 else f"{who}, product {self.past.products.ids[product]}"
