"""`SnapshotSource`: another source, with columns of customers that are counted from events."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.filter_seen import FilterSeenLike
from recsys.data.interactions import DAY, SECOND
from recsys.data.snapshots import Snapshot, TakesSnapshots
from recsys.data.source import Cutoffs, Source
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen


class SnapshotSource(ABC):
    """The base of sources that add columns to the customers of another one, counted from events.

    They are counted a second before each cut-off of the source, a second before the end of the
    data, and `every` so many days between. A model, a slice, a baseline and a rule then take the
    latest before their cut-off, like any dated row of customers; the leakage audit counts them
    again.

    Args:
        source: of the tables.
        every: days between the moments at which they are counted.

    Raises:
        InputError: `every` is below 1, or the other source counts columns too.
    """

    def __init__(self, source: Source, every: int) -> None:
        if every < 1:
            raise InputError(f"data.every: expected a number of days >= 1, got {every}")
        if isinstance(source, TakesSnapshots):
            raise InputError(
                f"data.source: expected a source of tables, got {type(source).__name__}, which "
                "counts columns of customers itself; write its tables to files first"
            )
        self._source, self._every = source, every

    @property
    def name(self) -> str:
        """That of the other source."""
        return self._source.name

    @property
    def version(self) -> str:
        """Of the other source, and of what is counted."""
        return f"{self._source.version} with {self.counted} every {self._every} days"

    @property
    @abstractmethod
    def counted(self) -> str:
        """What is counted, with everything that it depends on."""

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
        when, end = data.times("what is known of customers")
        if not len(when):
            return ()
        step, first = self._every * DAY, int(when.min())
        moments = set(range((first // step + 1) * step, end, step))
        for cutoff in (self.cutoffs.valid_from, self.cutoffs.test_from) if self.cutoffs else ():
            if isinstance(cutoff, pd.Timestamp):
                moments.add(int(cutoff.floor("s").timestamp()) * SECOND - SECOND)
        moments.add(end - SECOND)
        return sorted(moment for moment in moments if first < moment < end)

    @abstractmethod
    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        """See `TakesSnapshots`."""
