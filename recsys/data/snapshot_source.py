"""`SnapshotSource`: another source, with columns of customers that are counted from events."""

from collections.abc import Sequence

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.filter_seen import FilterSeenLike
from recsys.data.interactions import DAY, SECOND
from recsys.data.source import Cutoffs, Source
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen


class SnapshotSource:
    """The base of sources that add columns to the customers of another one.

    A subclass has `version` and `snapshot`, see `recsys.data.snapshots.TakesSnapshots`. Columns are
    counted a second before each cut-off of the source, a second before the end of the data, and
    `every` so many days between.

    Args:
        source: of the tables.
        every: days between the moments.

    Raises:
        InputError: `every` is below 1.
    """

    def __init__(self, *, source: Source, every: int) -> None:
        if every < 1:
            raise InputError(f"data.every: expected a number of days >= 1, got {every}")
        self._source, self._every = source, every

    @property
    def name(self) -> str:
        """That of the other source."""
        return self._source.name

    @property
    def cutoffs(self) -> Cutoffs | None:
        """Those of the other source."""
        return self._source.cutoffs

    @property
    def filter_seen(self) -> FilterSeenLike | FilterSeen:
        """That of the other source."""
        return self._source.filter_seen

    @property
    def targets(self) -> tuple[str, ...]:
        """Those of the other source."""
        return self._source.targets

    def load(self) -> Tables:
        """The tables of the other source."""
        return self._source.load()

    def snapshot_moments(self, data: Dataset) -> Sequence[int]:
        """See `TakesSnapshots`."""
        when = data.interactions.when
        if data.clock != "timestamp" or when is None or data.as_of is None or not len(when):
            raise InputError(
                "interactions: what is known of customers needs a column timestamp, got "
                f"{data.clock or 'no order'}"
            )
        step, first = self._every * DAY, int(when.min())
        moments = set(range((first // step + 1) * step, data.as_of, step))
        for cutoff in (self.cutoffs.valid_from, self.cutoffs.test_from) if self.cutoffs else ():
            if isinstance(cutoff, pd.Timestamp):
                moments.add(int(cutoff.floor("s").timestamp()) * SECOND - SECOND)
        moments.add(data.as_of - SECOND)
        return sorted(moment for moment in moments if first < moment < data.as_of)
