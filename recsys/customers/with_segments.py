"""`WithSegments`: a source whose customers have columns of what is known of them, by date."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from recsys.customers.lifetime_value.value_columns import NAMES as VALUE_NAMES
from recsys.customers.lifetime_value.value_columns import value_columns
from recsys.customers.segments.library import read_segments
from recsys.customers.segments.members import members_at
from recsys.customers.signals.detect import Detected, signals_at
from recsys.customers.signals.library import read_signals
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.snapshot_source import SnapshotSource
from recsys.data.snapshots import Snapshot
from recsys.data.source import Source
from recsys.errors import InputError


class WithSegments(SnapshotSource):
    """Another source, with columns of customers: segments, signals, and what they may be worth.

    They serve as a slice (`evaluate.segment`), as the baseline `model=segment model.column=NAME`,
    as features and in a rule (`customer.NAME`). See `SnapshotSource` for when they are counted.

    Args:
        source: of the tables.
        segments: a shipped file of segments, or one that ends in .yaml; None for none.
        signals: a shipped file of signals, as for `segments`.
        signals_as: "columns" that are true or false, timed "edges" of the graph (the side table
            `signals`, a row for each moment at which one shows), or "both".
        value_days: columns of a forecast so far ahead, see `value_columns`; None for none.
        value_actions: that are purchases there.
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
        value_days: float | None = None,
        value_actions: Sequence[str] = (columns.DEFAULT_ACTION,),
        every: int = 30,
    ) -> None:
        if segments is None and signals is None and value_days is None:
            raise InputError("data.segments: expected segments, signals or value_days, got none")
        if signals_as not in ("columns", "edges", "both"):
            raise InputError(
                f"data.signals_as: expected columns, edges or both, got '{signals_as}'"
            )
        if value_days is not None and not 1 <= value_days <= 36_500:
            raise InputError(f"data.value_days: expected 1 to 36,500 days, got {value_days:g}")
        super().__init__(source, every)
        self._signals_as = signals_as
        self._value_days, self._value_actions = value_days, tuple(value_actions)
        self._segments = None if segments is None else read_segments(segments)
        self._signals = None if signals is None else read_signals(signals)
        self._require_own_names()

    @property
    def counted(self) -> str:
        """See `SnapshotSource`."""
        parts = [part.version for part in (self._segments, self._signals) if part is not None]
        if self._value_days is not None:
            parts.append(f"value {self._value_days:g} {' '.join(self._value_actions)}")
        if self._signals_as != "columns":
            parts.append(f"signals as {self._signals_as}")
        return " ".join(parts)

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        """See `TakesSnapshots`."""
        parts, edges = [], None
        if self._segments is not None:
            parts.append(members_at(self._segments, data, moment).table())
        if self._signals is not None:
            detected = signals_at(self._signals, data, moment)
            if self._signals_as != "edges":
                parts.append(_shown(detected, data))
            if self._signals_as != "columns":
                edges = detected.table(data)
        if self._value_days is not None:
            parts.append(value_columns(data, moment, self._value_days, self._value_actions))
        if not parts:
            parts.append(pd.DataFrame({columns.CUSTOMER: data.customers.ids[:0]}))
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.merge(part, on=columns.CUSTOMER, how="outer", validate="one_to_one")
        return Snapshot(whole, edges)

    def _require_own_names(self) -> None:
        """Raises `InputError` where two kinds of columns share a name."""
        segments = set(self._segments.names if self._segments else ())
        signals = set(self._signals.names if self._signals else ())
        if segments & signals:
            raise InputError(
                "data.signals: expected names that no segment has, got "
                f"'{min(segments & signals)}'; rename one"
            )
        taken = (segments | signals) & set(VALUE_NAMES)
        if self._value_days is not None and taken:
            raise InputError(
                f"data.value_days: expected no segment or signal named '{min(taken)}'; rename it"
            )


def _shown(detected: Detected, data: Dataset) -> pd.DataFrame:
    """A row for each customer of whom something is known: whether each signal shows."""
    shown = detected.shown_by(len(data.customers))[detected.known]
    table = pd.DataFrame(shown, columns=list(detected.names))
    table.insert(0, columns.CUSTOMER, data.customers.ids[detected.known])
    return table
