"""A checked part as arrays: codes of its own values, numbers, moments; and what it counts."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.interactions import DAY, NEVER, microseconds
from recsys.data.kinds import WORDS, kind_of
from recsys.data.part_store.growing_values import fold

TABLE = "interactions"


@dataclass(frozen=True, kw_only=True, eq=False)
class CodedPart:
    """A part whose ids and texts are codes.

    Attributes:
        arrays: column -> [n] int32 codes, or numbers, or UTC moments as datetime64.
        values: column of ids or texts -> what its codes stand for.
        rows: n.
        first, last: the first and last moment in UTC microseconds, or position of an order; None
            without one.
        sums: column of numbers -> sum of their absolute values.
        counts: "action", "touchpoint" and "day" -> value -> number of events.
    """

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    values: dict[str, pa.Array] = field(default_factory=dict)
    rows: int = 0
    first: int | None = None
    last: int | None = None
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def coded_part(frame: pd.DataFrame) -> CodedPart:
    """Codes a part.

    Args:
        frame: [n] events, checked.
    """
    arrays: dict[str, NDArray[Any]] = {}
    values: dict[str, pa.Array] = {}
    sums: dict[str, float] = {}
    for name in map(str, frame.columns):
        kind = kind_of(TABLE, name)
        if kind in WORDS:
            arrays[name], values[name] = fold(frame[name])
        elif kind == "moment":
            arrays[name] = frame[name].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        else:
            arrays[name] = frame[name].to_numpy()
            if name != columns.ORDER:
                sums[name] = float(np.nansum(np.abs(arrays[name])))
    when = _moments(frame)
    counts: dict[str, dict[str, int]] = {
        name: _counted(arrays[name], values[name])
        for name in (columns.ACTION, columns.TOUCHPOINT)
        if name in values
    }
    if columns.TIMESTAMP in frame:
        counts["day"] = _days(when)
    return CodedPart(
        arrays=arrays, values=values, rows=len(frame), sums=sums, counts=counts,
        first=int(when.min()) if len(when) else None, last=int(when.max()) if len(when) else None,
    )  # fmt: skip


def _moments(frame: pd.DataFrame) -> IntArray:
    """The known moments of the events, in units of the clock; none without a clock."""
    if columns.TIMESTAMP in frame:
        when: IntArray = microseconds(frame[columns.TIMESTAMP])
        known: IntArray = when[when != NEVER]
        return known
    if columns.ORDER in frame:
        order: IntArray = frame[columns.ORDER].to_numpy(np.int64)
        return order
    return np.empty(0, np.int64)


def _counted(codes: NDArray[Any], values: pa.Array) -> dict[str, int]:
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    return {str(value): int(n) for value, n in zip(values.to_pylist(), counts, strict=True)}


def _days(when: NDArray[Any]) -> dict[str, int]:
    days, counts = np.unique(when // DAY, return_counts=True)
    names = days.astype("datetime64[D]").astype(str)
    return {str(day): int(n) for day, n in zip(names, counts, strict=True)}
