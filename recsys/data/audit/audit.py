"""The audit of a run, from the merge of ids to the fit on the last window."""

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
    "part": "the split is published without cut-offs: nothing says what was known when",
    "last event": "events of other customers may be later than a query",
}


class Audit:
    """Counts again, from the checked tables, what a split and a model made of them.

    It shares no code with what it audits, except for the numbering of ids. Each step raises
    `InputError` at the first leak it finds, with its kind, table, column and row. To begin with,
    ids have to be merged by links from before the first cut-off.

    Args:
        checked: the tables before ids were merged.
        merged: the same with merged ids; rows stand where they stood.
        data: coded from `merged`.
        split: of `data`.
    """

    def __init__(self, checked: Tables, merged: Tables, data: Dataset, split: Split) -> None:
        self._clock, self._split = data.clock, split
        # Not the tables as a whole: nobody needs a second copy of the events beside the fit.
        self._side = {name: table for name, table in merged.items() if name != "interactions"}
        self._rows = rows_of_table(merged.interactions, data)
        self._checks: list[Check] = [check_identities(checked, merged, self._first_cutoff())]

    def window(self, name: Literal["valid", "test"]) -> None:
        """Edges, features and answers of a window, before a model is fitted on its past."""
        boundary = self._boundary(name)
        self._checks += [
            check_edges(boundary),
            *check_features(boundary, self._side),
            check_answers(boundary),
        ]

    def fit(self, name: Literal["valid", "test"], derived: Derived | None) -> None:
        """What a model states after its fit on the past of a window; None where it does not."""
        self._checks += check_derived(self._boundary(name), derived)

    @property
    def certificate(self) -> Certificate:
        """Of everything examined so far."""
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
