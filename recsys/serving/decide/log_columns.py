"""Columns of a log of decisions as rows of an artifact and UTC seconds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown

_OFFSET = r"[T ].*(Z|[+-]\d\d(:?\d\d)?)$"
"""Of a time of day: the end of a date alone would look like one."""


def touchpoint_rows(path: Path, column: Any, names: Sequence[str]) -> IntArray:
    """[n] touchpoint of each decision.

    Raises:
        InputError: the artifact does not have one; names the row.
    """
    rows = {name: row for row, name in enumerate(names)}
    texts = [str(name) for name in column.to_pylist()]
    for row, name in enumerate(texts):
        if name not in rows:
            # Contacts there would count for no limit, which would look kept.
            raise InputError(
                f"decisions={path}: row {row}, column 'touchpoint': the artifact has no "
                f"{shown(name)}; it has {', '.join(names)}; correct it or drop the row"
            )
    return np.array([rows[name] for name in texts], np.int64)


def campaign_rows(column: Any, names: Sequence[str]) -> IntArray:
    """[n] campaign of each decision, -1 where none is stated, and M = len(names) where unknown."""
    rows = {name: row for row, name in enumerate(names)}
    return np.array(
        [-1 if text is None else rows.get(text, len(names))
         for text in map(text_of, column.to_pylist())], np.int64
    )  # fmt: skip


def text_of(value: Any) -> str | None:
    """A cell as the table `decisions` is read: an empty cell is none, and the number 7.0 is `7`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None or value != value or str(value) == "" else str(value)


def seconds(path: Path, column: Any, key: str = "decisions", name: str = "timestamp") -> IntArray:
    """[n] UTC seconds of moments; texts may have an offset, and are in UTC without one.

    Args:
        path: of the file, for messages.
        column: the moments.
        key: of the command, for messages.
        name: of the column, for messages.

    Raises:
        InputError: one is no time.
    """
    try:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            whole = _microseconds(column)
        else:
            whole = pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64())
    except pa.ArrowException:
        raise InputError(
            f"{key}={path}: column '{name}': expected times such as 2025-10-01T09:00:00Z "
            "or 2025-10-01T09:00:00+02:00; write them so"
        ) from None
    return np.asarray(whole.to_numpy()) // 1_000_000


def _microseconds(texts: Any) -> Any:
    """As a column of integers; each cast accepts one kind of text only."""
    has_offset = pc.match_substring_regex(texts, _OFFSET)
    with_offset = pc.if_else(has_offset, texts, None)
    without = pc.if_else(has_offset, None, texts)
    return pc.coalesce(
        pc.cast(pc.cast(with_offset, pa.timestamp("us", "UTC")), pa.int64()),
        pc.cast(pc.cast(without, pa.timestamp("us")), pa.int64()),
    )
