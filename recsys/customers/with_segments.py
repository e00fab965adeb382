"""`WithSegments`: a source whose customers have columns of segments and signals, by date."""

import pandas as pd

from recsys.customers.dated_columns import DatedColumns
from recsys.customers.segments.library import read_segments
from recsys.customers.segments.members import members_at
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.library import read_signals
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.source import Source
from recsys.errors import InputError


class WithSegments(DatedColumns):
    """Another source, with a column of customers for each segment, band, cell, stage and signal.

    They serve as a slice (`evaluate.segment`), as the baseline `model=segment model.column=NAME`,
    as features and in a rule (`customer.NAME`). See `DatedColumns` for when they are counted.

    Args:
        source: of the tables.
        segments: a shipped file of segments, or one that ends in .yaml; None for none.
        signals: a shipped file of signals, as for `segments`; each becomes true or false.
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
        every: int = 30,
    ) -> None:
        if segments is None and signals is None:
            raise InputError("data.segments: expected segments or signals, got neither")
        super().__init__(source, every)
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
    def counted(self) -> str:
        """See `DatedColumns`."""
        parts = [part.version for part in (self._segments, self._signals) if part is not None]
        return " ".join(parts)

    def snapshot(self, data: Dataset, moment: int) -> pd.DataFrame:
        """See `TakesSnapshots`."""
        parts = []
        if self._segments is not None:
            parts.append(members_at(self._segments, data, moment).table())
        if self._signals is not None:
            detected = signals_at(self._signals, data, moment)
            shown = detected.shown_by(len(data.customers))[detected.known]
            ids = data.customers.ids[detected.known]
            table = pd.DataFrame(shown, columns=list(detected.names))
            table.insert(0, columns.CUSTOMER, ids)
            parts.append(table)
        if len(parts) == 1:
            return parts[0]
        return parts[0].merge(parts[1], on=columns.CUSTOMER, how="outer", validate="one_to_one")
