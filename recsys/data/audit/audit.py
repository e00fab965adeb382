"""`Audit`: the steps of a leakage audit, from the merge of ids to the fit on the last window."""

from collections.abc import Sequence

import pandas as pd

from recsys.data.audit.boundary import Boundary
from recsys.data.audit.certificate import PASSED, UNORDERED, Certificate, Check
from recsys.data.audit.derived import Derived
from recsys.data.audit.events import check_answers, check_edges
from recsys.data.audit.features import check_features, unplaced
from recsys.data.audit.identities import check_identities
from recsys.data.audit.recount import check_derived
from recsys.data.audit.rows import rows_of_table
from recsys.data.audit.snapshots import Recounted
from recsys.data.dataset import Dataset
from recsys.data.queries import Split, Window
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
        self._counted = None
        if data.snapshots is not None:
            if "customers" in data.side_tables:
                self._side["customers"] = data.side_tables["customers"]
            self._counted = Recounted(data, data.snapshots)
        self._rows = rows_of_table(merged.interactions, data)
        self._checks: list[Check] = [check_identities(checked, merged, self._first_cutoff())]

    def window(self, name: str, window: Window | None = None) -> None:
        """Checks edges, features and answers of a window, before a model is fitted on its past.

        Args:
            name: "valid" or "test", or what a window of `Split.earlier` is called.
            window: of `Split.earlier`; None for valid and test.
        """
        boundary = self._boundary(name, window)
        self._checks += [
            check_edges(boundary),
            *check_features(boundary, self._side),
            *([] if self._counted is None else self._counted.checks(boundary)),
            check_answers(boundary),
        ]

    def fit(self, name: str, derived: Derived | None, window: Window | None = None) -> None:
        """Checks what a model states after its fit on the past of a window.

        Args:
            name: of the window.
            derived: the statement; None for a model without one.
            window: as for `window`.
        """
        self._checks += check_derived(self._boundary(name, window), derived)

    def restore(self, checks: Sequence[Check]) -> None:
        """Adds the checks of windows that an interrupted run had finished."""
        self._checks += checks

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks so far."""
        return tuple(self._checks)

    @property
    def certificate(self) -> Certificate:
        """The certificate of all checks so far."""
        reason = _NO_CUTOFF.get(self._split.divides) or unplaced(self._side, self._clock)
        return Certificate(
            status=UNORDERED if reason else PASSED, reason=reason, checks=tuple(self._checks)
        )

    def _first_cutoff(self) -> pd.Timestamp | None:
        oldest = self._split.earlier[0] if self._split.earlier else self._split.valid
        start = oldest.start
        if start is None or self._clock != "timestamp":
            return None
        return pd.Timestamp(start, unit="us", tz="UTC")

    def _boundary(self, name: str, window: Window | None) -> Boundary:
        if window is None:
            window = self._split.test if name == "test" else self._split.valid
        return Boundary(
            name=name,
            window=window,
            divides=self._split.divides,
            rows=self._rows,
        )
