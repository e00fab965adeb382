"""`WithSegments`: a source whose customers have columns of segments and signals, by date."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from recsys.customers.segments.library import read_segments
from recsys.customers.segments.members import members_at
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.library import read_signals
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.filter_seen import FilterSeenLike
from recsys.data.interactions import DAY, SECOND
from recsys.data.source import Cutoffs, Source
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen


class WithSegments:
    """Another source, with a column of customers for each segment, band, cell, stage and signal.

    They are counted a second before each cut-off of the source, a second before the end of the
    data, and `every` so many days between. A model, a slice (`evaluate.segment`), the baseline
    `model=segment model.column=NAME` and a rule (`customer.NAME`) then take the latest before
    their cut-off, like any dated row of customers; the leakage audit counts them again.

    Args:
        source: of the tables.
        segments: a shipped file of segments, or one that ends in .yaml; None for none.
        signals: a shipped file of signals, as for `segments`.
        signals_as: "columns" that are true or false, timed "edges" of the graph (the side table
            `signals`, a row for each moment at which one shows), or "both".
        every: days between the moments at which they are counted.

    Raises:
        InputError: a file has a fault, or there is neither.
    """

    def __init__(
        self,
        *,
        source: Source,
        segments: str | None = "default",
        signals: str | None = None,
        signals_as: Literal["columns", "edges", "both"] = "columns",
        every: int = 30,
    ) -> None:
        if segments is None and signals is None:
            raise InputError("data.segments: expected segments or signals, got neither")
        if signals_as not in ("columns", "edges", "both"):
            raise InputError(
                f"data.signals_as: expected columns, edges or both, got '{signals_as}'"
            )
        if every < 1:
            raise InputError(f"data.every: expected a number of days >= 1, got {every}")
        self._source, self._every, self._signals_as = source, every, signals_as
        self._segments = None if segments is None else read_segments(segments)
        self._signals = None if signals is None else read_signals(signals)
        both = set(self._segments.names if self._segments else ()) & set(
            self._signals.names if self._signals else ()
        )
        if both:
            raise InputError(
                f"data.signals: expected names that no segment has, got '{min(both)}'; rename one"
            )

    @property
    def name(self) -> str:
        """That of the other source."""
        return self._source.name

    @property
    def version(self) -> str:
        """Of the other source, and of the segments and signals."""
        parts = [part.version for part in (self._segments, self._signals) if part is not None]
        told = f"{self._source.version} with {' '.join(parts)} every {self._every} days"
        return told if self._signals_as == "columns" else f"{told}, signals as {self._signals_as}"

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
                "interactions: segments and signals need a column timestamp, got "
                f"{data.clock or 'no order'}"
            )
        step, first = self._every * DAY, int(when.min())
        moments = set(range((first // step + 1) * step, data.as_of, step))
        for cutoff in (self.cutoffs.valid_from, self.cutoffs.test_from) if self.cutoffs else ():
            if isinstance(cutoff, pd.Timestamp):
                moments.add(int(cutoff.floor("s").timestamp()) * SECOND - SECOND)
        moments.add(data.as_of - SECOND)
        return sorted(moment for moment in moments if first < moment < data.as_of)

    def snapshot(self, data: Dataset, moment: int) -> pd.DataFrame:
        """See `TakesSnapshots`."""
        parts = []
        if self._segments is not None:
            parts.append(members_at(self._segments, data, moment).table())
        if self._signals is not None and self._signals_as != "edges":
            detected = signals_at(self._signals, data, moment)
            shown = detected.shown_by(len(data.customers))[detected.known]
            ids = data.customers.ids[detected.known]
            table = pd.DataFrame(shown, columns=list(detected.names))
            table.insert(0, columns.CUSTOMER, ids)
            parts.append(table)
        if not parts:
            return pd.DataFrame({columns.CUSTOMER: data.customers.ids[:0]})
        if len(parts) == 1:
            return parts[0]
        return parts[0].merge(parts[1], on=columns.CUSTOMER, how="outer", validate="one_to_one")

    def signal_rows(self, data: Dataset, moment: int) -> pd.DataFrame | None:
        """See `FindsSignals`."""
        if self._signals is None or self._signals_as == "columns":
            return None
        return signals_at(self._signals, data, moment).table(data)
