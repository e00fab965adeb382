"""The interactions as arrays of row numbers, from which graphs and matrices are made."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.event_order import NEVER as NEVER

SECOND = 1_000_000
"""Units of a clock of time per second: it counts microseconds."""
DAY = 86_400 * SECOND
"""Units of a clock of time per day."""

_NO_TIME = np.iinfo(np.int64).min

ACTION_CODES = {action: code for code, action in enumerate(columns.ACTIONS)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Interactions:
    """Events as arrays of equal length, one entry per event.

    Attributes:
        customers: int32 row numbers.
        products: int32 row numbers, -1 for an event without a product.
        touchpoints: int32 row numbers, -1 where unknown.
        actions: int8 positions in `columns.ACTIONS`.
        when: int64, UTC microseconds or position in the global order; None without either.
        values: float32 money or rating, NaN where unknown; None without the column.
        durations: float32 seconds, NaN where unknown; None without the column.
        weights: float32 strength; None without the column (every event counts 1).
        contexts: int16 [n, m] positions in the values of `Dataset.contexts`, -1 where unknown; None
            without context columns.
        given_test: bool, True for rows of a published test part; None without a published split.
    """

    customers: IntArray
    products: IntArray
    touchpoints: IntArray
    actions: IntArray
    when: IntArray | None = None
    values: FloatArray | None = None
    durations: FloatArray | None = None
    weights: FloatArray | None = None
    contexts: IntArray | None = None
    given_test: BoolArray | None = None

    def __len__(self) -> int:
        return len(self.customers)

    def select(self, keep: BoolArray | IntArray | slice) -> "Interactions":
        """The events that a mask [n] or a slice keeps, or those at some positions.

        No copy where they lie side by side, as the events before a moment do.
        """
        if isinstance(keep, np.ndarray) and keep.dtype == bool:
            keep = _side_by_side(np.asarray(keep, dtype=bool))
        chosen: dict[str, Any] = {}
        for field in fields(self):
            array = getattr(self, field.name)
            chosen[field.name] = None if array is None else array[keep]
        return Interactions(**chosen)

    def has_action(self, actions: tuple[str, ...]) -> BoolArray:
        """Mask [n] of the events whose action is among `actions`."""
        is_one = np.zeros(len(columns.ACTIONS), dtype=bool)
        is_one[[ACTION_CODES[action] for action in actions]] = True
        return np.asarray(is_one[self.actions])

    def positions_in(self, actions: tuple[str, ...]) -> IntArray:
        """[n] int64 position of the action of each event in `actions`, -1 for others."""
        positions = np.full(len(columns.ACTIONS), -1)
        positions[[ACTION_CODES[action] for action in actions]] = np.arange(len(actions))
        return positions[self.actions]


def microseconds(moments: pd.Series) -> IntArray:
    """UTC microseconds since 1970, int64 [n], of time-zone-aware moments; `NEVER` where null.

    Read-only, and no copy, where the column counts microseconds and has no null.
    """
    utc = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    since: IntArray = utc.view(np.int64)
    if not len(since) or since.min() != _NO_TIME:
        return since
    return np.where(since == _NO_TIME, NEVER, since)


def timestamp(moment: int) -> pd.Timestamp:
    """The UTC timestamp of a moment in units of a clock of time."""
    return pd.Timestamp(moment, unit="us", tz="UTC")


def written(moment: int, clock: str | None) -> str | int:
    """A moment in units of a clock as ISO 8601 text, or as a position."""
    return int(moment) if clock == "order" else timestamp(moment).isoformat()


def seconds(moments: pd.Series) -> IntArray:
    """UTC seconds since 1970, int64 [n], of time-zone-aware moments; `NEVER` where null."""
    utc = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[s]")
    return np.where(np.isnat(utc), NEVER, utc.astype(np.int64))


def _side_by_side(keep: BoolArray) -> BoolArray | slice:
    """A mask as a slice, where it keeps neighbours only."""
    count = int(np.count_nonzero(keep))
    start = int(keep.argmax()) if count else 0
    return slice(start, start + count) if keep[start : start + count].all() else keep
