"""Rows of interactions, checked part by part by the checks of the door, on Spark's workers."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.data import columns
from recsys.data.arrow_frame import frame_of
from recsys.data.check import check_table
from recsys.data.interactions import ACTION_CODES, NEVER, microseconds
from recsys.data.kinds import WORDS, kind_of
from recsys.data.sources.parts import Partitions
from recsys.data.sources.spark.dictionary import placed
from recsys.data.sources.spark.folder import FILE, ROW, collected, typed_partitions
from recsys.errors import InputError

FAULT = "_fault"

_TYPES = {
    "id": "int", "code": "int", "text": "int", "moment": "timestamp", "number": "double",
}  # fmt: skip
_ARROW = {
    "int": pa.int32(), "tinyint": pa.int8(), "bigint": pa.int64(), "double": pa.float64(),
    "timestamp": pa.timestamp("us", "UTC"), "string": pa.string(),
}  # fmt: skip


def is_in_dictionary(column: str) -> bool:
    """Whether a column of interactions is judged by its distinct values, and coded.

    What makes a value an id or a text depends on all of the column: 7 is a number only if no other
    row has a text.
    """
    if column in (columns.ACTION, columns.PART, FILE, ROW, FAULT):
        return False
    return kind_of("interactions", column) in WORDS


def checked_rows(coded: Any, names: Sequence[str], partitions: Partitions) -> Any:
    """The rows with the types of the door; a part with a fault has one row, with the fault.

    Args:
        coded: data frame of Spark, columns of `is_in_dictionary` as codes.
        names: its columns that the library knows, as they are to come out.
        partitions: see `recsys.data.sources.parts`.

    Returns:
        A data frame with codes (-1 for null), times in UTC, numbers as doubles, the action as its
        position in `columns.ACTIONS`, and the column `FAULT`.
    """
    types = {**{name: _spark_type(name) for name in names}, FAULT: "string"}
    if {FILE, ROW} <= set(coded.columns):
        types |= {FILE: "string", ROW: "bigint"}
    schema = ", ".join(f"`{name}` {kind}" for name, kind in types.items())
    check = partial(_checked_batches, types=types, partitions=dict(partitions))
    return coded.mapInArrow(check, schema)


def refuse_faults(
    rows: pa.Table, coded: Any, names: Sequence[str], partitions: Partitions, root: str
) -> None:
    """Raises the first fault of checked rows, with the file and the row that has it.

    Args:
        rows: what `checked_rows` gave, or anything with the column `FAULT`.
        coded: as for `checked_rows`; it is checked again only where there is a fault.
        names: as for `checked_rows`.
        partitions: as for `checked_rows`.
        root: of the folder, for errors.

    Raises:
        InputError: the fault.
    """
    if rows[FAULT].null_count == len(rows):
        return
    again = checked_rows(coded, names, partitions)
    faults = collected(again.filter(again[FAULT].isNotNull()), "interactions", root)
    first = faults.sort_by([(FILE, "ascending"), (ROW, "ascending")]).slice(0, 1).to_pylist()[0]
    raise placed(first[FAULT], first[FILE] or "") if first[FILE] else InputError(first[FAULT])


def _spark_type(name: str) -> str:
    if name == columns.ORDER:
        return "bigint"
    if name == columns.PART:
        return "string"
    if name == columns.ACTION:
        return "tinyint"
    return _TYPES[kind_of("interactions", name)]


def _checked_batches(
    batches: Iterator[pa.RecordBatch], types: dict[str, str], partitions: Partitions
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if not batch.num_rows:
            continue
        frame = typed_partitions(frame_of(pa.Table.from_batches([batch])), partitions)
        places = frame[[name for name in (FILE, ROW) if name in frame]]
        # Of the columns of codes, only customers may not be empty.
        codes = [
            name for name in map(str, frame) if is_in_dictionary(name) and name != columns.CUSTOMER
        ]
        try:
            checked = check_table("interactions", frame.drop(columns=[*places, *codes]))
        except InputError as error:
            yield _fault(str(error), places, types)
            continue
        cells = {**frame[codes], **checked, **places}
        yield _batch(cells, len(checked), types)


def _fault(message: str, places: pd.DataFrame, types: dict[str, str]) -> pa.RecordBatch:
    """One row with the fault, whose row in the batch becomes the row of its file."""
    cells: dict[str, pd.Series] = {FAULT: pd.Series([message])}
    found = re.search(r": row (\d+)", message)
    if found and FILE in places:
        at = places.iloc[int(found[1])]
        cells[FAULT] = pd.Series([message.replace(found[0], f": row {at[ROW]}", 1)])
        cells |= {FILE: pd.Series([at[FILE]]), ROW: pd.Series([at[ROW]])}
    return _batch(cells, 1, types)


def _batch(cells: dict[str, Any], count: int, types: dict[str, str]) -> pa.RecordBatch:
    arrays = [_array(cells.get(name), count, name, kind) for name, kind in types.items()]
    return pa.RecordBatch.from_arrays(arrays, names=list(types))


def _array(cells: Any, count: int, name: str, kind: str) -> pa.Array:
    if cells is None:
        return pa.nulls(count, _ARROW[kind])
    if name == columns.ACTION:
        return pa.array(cells.map(ACTION_CODES).to_numpy(np.int8))
    if kind == "timestamp":
        when = microseconds(cells)
        return pa.array(when, mask=when == NEVER).cast(_ARROW[kind])
    if kind == "int":
        return pa.array(cells.fillna(-1).to_numpy(np.int32))
    return pa.array(cells, _ARROW[kind], from_pandas=True)
