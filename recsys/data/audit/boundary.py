"""What lies before a window and what does not, told from the raw rows alone."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.audit.certificate import Kind, leak
from recsys.data.audit.rows import Rows, among, rows_of_past
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER
from recsys.data.queries import Window
from recsys.errors import InputError

_REMEDY = "keep the row out of what the model is given"


@dataclass(frozen=True, kw_only=True, eq=False)
class Boundary:
    """A window and the rows that may not be known before it.

    Attributes:
        name: "valid" or "test".
        window: as the split made it.
        divides: what tells the past from the answers, see `recsys.data.queries.Split`.
        rows: all interactions.
    """

    name: str
    window: Window
    divides: Literal["cut-off", "part", "last event"]
    rows: Rows

    def __post_init__(self) -> None:
        """Raises `InputError` where a split by cut-off does not say where its windows lie."""
        if self.divides == "cut-off" and (self.window.start is None or self.rows.moments is None):
            raise InputError(
                f"leakage audit: the split is said to be by cut-off, and its {self.name} has no "
                "start; hand start and end to recsys.data.queries.window, or say what divides it"
            )

    @property
    def past(self) -> Dataset:
        """What a model is given."""
        return self.window.past

    @property
    def products(self) -> int:
        """Number of products."""
        return len(self.past.products)

    @property
    def is_target(self) -> BoolArray:
        """[N] rows that can be an answer."""
        return self.rows.acts(self.past.targets)

    @cached_property
    def asked(self) -> IntArray:
        """The pairs of customer and relevant product, as `Rows.pairs` numbers them."""
        relevant = self.window.queries.relevant
        per_query = np.diff(relevant.indptr)
        customers = np.repeat(self.window.queries.customers.astype(np.int64), per_query)
        return customers * (self.products + 1) + relevant.indices + 1

    @cached_property
    def forbidden(self) -> BoolArray:
        """[N] rows that may not be known: from the cut-off on, of test, held out, or answers."""
        if self.divides == "cut-off":
            return self.late(self.rows.moments)
        if self.divides == "last event":
            return self._last_answers()
        forbidden = self._of_test
        if self.name == "valid":
            forbidden = forbidden | among(self.rows.pairs(self.products), self.asked)
        return forbidden

    def late(self, moments: IntArray | None) -> BoolArray:
        """[n] whether moments lie at or after the cut-off, where there is one."""
        assert moments is not None
        assert self.window.start is not None
        late: BoolArray = moments >= self.window.start
        return late

    @property
    def usable(self) -> Rows:
        """The rows that a model may know, to count again what it derived from them.

        Where only the last events are held out, the raw rows do not say what else is out of reach;
        there it is the past itself, which by then is known to hold no answer.
        """
        if self.divides == "last event":
            return rows_of_past(self.past)
        return self.rows.select(~self.forbidden)

    @property
    def column(self) -> str | None:
        """That dates the events; None without a clock."""
        return self.past.clock

    @property
    def cutoff(self) -> str | int | None:
        """The start of the window, for people."""
        return None if self.window.start is None else self.spoken(self.window.start)

    def spoken(self, moment: int) -> str | int:
        """A moment in units of the clock, for people."""
        if self.past.clock == "order":
            return int(moment)
        return pd.Timestamp(moment, unit="us", tz="UTC").isoformat()

    def latest(self, moments: IntArray | None) -> str | int | None:
        """The latest of some moments, for people; None where none is known."""
        known = np.zeros(0) if moments is None else moments[moments != NEVER]
        return self.spoken(known.max()) if len(known) else None

    def leak(self, kind: Kind, culprits: BoolArray, otherwise: str) -> InputError:
        """The line that names the first culprit.

        Args:
            kind: of leak.
            culprits: [N] rows that may have been used; the first that is forbidden is named.
            otherwise: what is wrong, said where no forbidden row explains it.
        """
        found = np.flatnonzero(culprits & self.forbidden)
        if not len(found):
            return leak(kind, self.name, "interactions", "what its rows say", otherwise, _REMEDY)
        row = int(found[0])
        if self.divides == "cut-off":
            assert self.rows.moments is not None
            moment = int(self.rows.moments[row])
            got = "no time" if moment == NEVER else self.spoken(moment)
            expected, column = f"a moment before the cut-off {self.cutoff}", self.column
        elif self._of_test[row]:
            expected, column, got = "a row of train", columns.PART, columns.TEST_PART
        else:
            expected, column = "no product that is asked for", columns.PRODUCT
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
        no = np.zeros(len(self.rows), bool)
        return no if self.rows.of_test is None else self.rows.of_test

    def _last_answers(self) -> BoolArray:
        """[N] the last target row of each pair that is asked for."""
        pairs = self.rows.pairs(self.products)
        answers = np.flatnonzero(self.is_target & among(pairs, self.asked))
        if self.rows.moments is not None:
            # Of one moment the action that stands later in `columns.ACTIONS` came later.
            answers = answers[np.lexsort((self.rows.actions[answers], self.rows.moments[answers]))]
        _, from_end = np.unique(pairs[answers][::-1], return_index=True)
        last = np.zeros(len(self.rows), bool)
        last[answers[::-1][from_end]] = True
        return last

    def _about(self, row: int) -> str:
        customer, product = self.rows.customers[row], self.rows.products[row]
        who = f"customer {self.past.customers.ids[customer]}"
        return who if product < 0 else f"{who}, product {self.past.products.ids[product]}"
