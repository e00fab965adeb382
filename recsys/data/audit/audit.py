"""`Audit`: the steps of a leakage audit, from the merge of ids to the fit on the last window."""

from typing import Literal

import pandas as pd

from recsys.data.audit.boundary import Boundary
from recsys.data.audit.certificate import PASSED, UNORDERED, Certificate, Check
from recsys.data.audit.derived import Derived
from recsys.data.audit.events import check_answers, check_edges
from recsys.data.audit.features import check_features, unplaced
from recsys.data.audit.identities import check_identities
from recsys.data.audit.recount import check_derived
from recsys.data.audit.rows import rows_of_table
from recsys.data.dataset import Dataset
from recsys.data.queries import Split
from recsys.data.tables import Tables

_NO_CUTOFF = {
    "part": "the split is published without cut-offs, so the order of events is unknown",
    "last event": "events of other customers may be later than a query",
}


class Audit:
    """Counts again, from the checked tables, what a split and a model made of them.

    It shares no code with what it audits, except for the numbering of ids. The constructor checks
    that ids were merged only by links from before the first cut-off.

    Args:
        checked: the tables before ids were merged.
        merged: the same tables with merged ids, rows in the same positions.
        data: coded from `merged`.
        split: of `data`.

    Raises:
        InputError: at the first leak, in the constructor and in every step; names its kind, table,
            column and row.
    """

    def __init__(self, checked: Tables, merged: Tables, data: Dataset, split: Split) -> None:
        self._clock, self._split = data.clock, split
        # Without interactions, so that no second copy of the events stays in memory during a fit.
        self._side = {name: table for name, table in merged.items() if name != "interactions"}
        self._rows = rows_of_table(merged.interactions, data)
        self._checks: list[Check] = [check_identities(checked, merged, self._first_cutoff())]

    def window(self, name: Literal["valid", "test"]) -> None:
        """Checks edges, features and answers of a window, before a model is fitted on its past."""
        boundary = self._boundary(name)
        self._checks += [
            check_edges(boundary),
            *check_features(boundary, self._side),
            check_answers(boundary),
        ]

    def fit(self, name: Literal["valid", "test"], derived: Derived | None) -> None:
        """Checks what a model states after its fit on the past of a window.

        Args:
            name: of the window.
            derived: the statement; None for a model without one.
        """
        self._checks += check_derived(self._boundary(name), derived)

    @property
    def certificate(self) -> Certificate:
        """The certificate of all checks so far."""
        reason = _NO_CUTOFF.get(self._split.divides) or unplaced(self._side, self._clock)
        return Certificate(
            status=UNORDERED if reason else PASSED, reason=reason, checks=tuple(self._checks)
        )

    def _first_cutoff(self) -> pd.Timestamp | None:
        start = self._split.valid.start
        if start is None or self._clock != "timestamp":
            return None
        return pd.Timestamp(start, unit="us", tz="UTC")

    def _boundary(self, name: Literal["valid", "test"]) -> Boundary:
        return Boundary(
            name=name,
            window=self._split.valid if name == "valid" else self._split.test,
            divides=self._split.divides,
            rows=self._rows,
        )
