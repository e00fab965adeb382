"""`WithPurposes`: a source whose customers have columns of what they are after, by date."""

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.snapshot_source import SnapshotSource
from recsys.data.snapshots import Snapshot
from recsys.data.source import Source
from recsys.errors import InputError
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.tables import BROAD, OPEN, PURPOSE, SILENCE, STAGE, strand_table
from recsys.journeys.purposes.visits import own_events

COUNT = "open_purposes"
_COLUMNS = {
    PURPOSE: PURPOSE, BROAD: BROAD, STAGE: "purpose_stage", SILENCE: "purpose_silence",
    OPEN: "purpose_comes_back",
}  # fmt: skip


class WithPurposes(SnapshotSource):
    """Another source, with columns of customers that say which purpose is open.

    Purposes and strands are learned anew at each moment, from what was before it. A customer has
    the strand that most probably goes on: `purpose`, `broad_purpose`, `purpose_stage`,
    `purpose_silence` (days) and `purpose_comes_back` (probability), and the number of strands that
    go on with at least `open_from`, `open_purposes`. A model, a slice, a rule
    (`customer.purpose = 'Home loan'`) or a segment then takes the latest row before its cut-off,
    like any dated row of customers; the leakage audit learns and counts all of it again.

    Args:
        source: of the tables.
        column: of products that has the purposes; None finds them in the graph.
        open_from: least probability of going on for a strand to count as open.
        every: days between the moments at which they are counted.

    Raises:
        InputError: a number is out of its range.
    """

    def __init__(
        self,
        *,
        source: Source,
        column: str | None = columns.CATEGORY,
        open_from: float = 0.1,
        every: int = 90,
    ) -> None:
        super().__init__(source, every)
        if not 0 < open_from < 1:
            raise InputError(f"data.open_from: expected a number between 0 and 1, got {open_from}")
        self._column, self._open_from = column, open_from

    @property
    def counted(self) -> str:
        """See `SnapshotSource`."""
        return f"purposes {self._column} {self._open_from}"

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        """See `TakesSnapshots`."""
        before = data.before(moment)
        try:
            own_events(before)
        except InputError:
            return Snapshot(_empty())  # no event so far says what a customer is after
        model = PurposeModel(column=self._column).fit(before)
        table = strand_table(model, model.assign(before), before)
        table = table[table[OPEN] >= self._open_from]
        count = table.groupby(columns.CUSTOMER, sort=False).size()
        latest = table.sort_values([OPEN, "strand"], kind="stable").drop_duplicates(
            columns.CUSTOMER, keep="last"
        )
        made = latest[[columns.CUSTOMER, *_COLUMNS]].rename(columns=_COLUMNS)
        made[COUNT] = count.reindex(made[columns.CUSTOMER]).to_numpy(np.float64)
        return Snapshot(made.sort_values(columns.CUSTOMER, ignore_index=True))


def _empty() -> pd.DataFrame:
    texts = {name: pd.Series(dtype=object) for name in (PURPOSE, BROAD, "purpose_stage")}
    numbers = ("purpose_silence", "purpose_comes_back", COUNT)
    return pd.DataFrame(
        {columns.CUSTOMER: pd.Series(dtype=object), **texts,
         **{name: pd.Series(dtype=np.float64) for name in numbers}}
    )  # fmt: skip
