"""The interactions as arrays of row numbers, from which graphs and matrices are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.categories import codes_of, folded
from recsys.data.event_order import NEVER as NEVER
from recsys.data.event_order import Key, event_order
from recsys.data.vocabulary import Vocabulary
from recsys.ops.chunks import slices

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
            keep = _side_by_side(keep)
        chosen: dict[str, Any] = {}
        for field in fields(self):
            array = getattr(self, field.name)
            chosen[field.name] = None if array is None else array[keep]
        return Interactions(**chosen)

    def has_action(self, actions: tuple[str, ...]) -> BoolArray:
        """Mask [n] of the events whose action is among `actions`."""
        is_one = np.zeros(len(columns.ACTIONS), dtype=bool)
        is_one[[ACTION_CODES[action] for action in actions]] = True
        return is_one[self.actions]

    def positions_in(self, actions: tuple[str, ...]) -> IntArray:
        """[n] int64 position of the action of each event in `actions`, -1 for others."""
        positions = np.full(len(columns.ACTIONS), -1)
        positions[[ACTION_CODES[action] for action in actions]] = np.arange(len(actions))
        return positions[self.actions]


def encode(
    table: pd.DataFrame,
    customers: Vocabulary,
    products: Vocabulary,
    touchpoints: Vocabulary,
    contexts: Mapping[str, Sequence[str]] | None = None,
) -> Interactions:
    """Turns a checked interactions table into arrays, in order of time where there is one.

    Events of the same moment are ordered by customer, action (as in `columns.ACTIONS`, a view
    before a purchase), product, touchpoint and the other columns, ids by row number: the order of
    the table's rows does not matter. Without a time the events keep the order of the table.

    Args:
        table: [n] checked rows.
        customers: gives the row numbers of customers.
        products: gives those of products.
        touchpoints: gives those of touchpoints.
        contexts: context column, without its prefix -> its values, see `recsys.data.contexts`.
    """
    read = {
        "customers": _ids(table, columns.CUSTOMER, customers),
        "actions": _actions(table),
        "products": _ids(table, columns.PRODUCT, products),
        "touchpoints": _ids(table, columns.TOUCHPOINT, touchpoints),
        "values": _floats(table, columns.VALUE),
        "durations": _floats(table, columns.DURATION),
        "weights": _floats(table, columns.WEIGHT),
    }
    by_context = [_texts(table, columns.CONTEXT_PREFIX + name, values, np.int16)
                  for name, values in (contexts or {}).items()]  # fmt: skip
    given_test = None
    if columns.PART in table:
        given_test = _texts(table, columns.PART, (columns.TRAIN_PART, columns.TEST_PART), np.int8)
    when, order = _moments(table), None
    if when is not None:
        keys = [each for each in (*read.values(), *by_context, given_test) if each is not None]
        order = event_order(when, [_sortable(key) for key in keys])
    arrays: dict[str, Any] = {
        name: None if key is None else _ordered(key, len(table), order)
        for name, key in read.items()
    }
    return Interactions(
        **arrays,
        when=when
        if order is None or when is None
        else _ordered(lambda rows: when[rows], len(when), order),
        contexts=_stacked(by_context, len(table), order),
        given_test=None if given_test is None else _ordered(given_test, len(table), order) == 1,
    )


def microseconds(moments: pd.Series) -> IntArray:
    """UTC microseconds since 1970, int64 [n], of time-zone-aware moments; `NEVER` where null.

    Read-only, and no copy, where the column counts microseconds and has no null.
    """
    utc = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    since = utc.view(np.int64)
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


def _ordered(key: Key, count: int, order: IntArray | None) -> NDArray[Any]:
    """The numbers [n] of a key by the order of events; None for that of the rows."""
    result = np.empty(count, key(slice(0, 0)).dtype)
    for chunk in slices(count):
        result[chunk] = key(chunk if order is None else order[chunk])
    return result


def _stacked(keys: Sequence[Key], count: int, order: IntArray | None) -> IntArray | None:
    if not keys:
        return None
    result = np.empty((count, len(keys)), np.int16)
    for chunk in slices(count):
        for position, key in enumerate(keys):
            result[chunk, position] = key(chunk if order is None else order[chunk])
    return result


def _sortable(key: Key) -> Key:
    """Unknown values are equal to each other, and NaN is not."""

    def numbers(rows: Any) -> NDArray[Any]:
        values = key(rows)
        return np.where(np.isnan(values), -np.inf, values) if values.dtype.kind == "f" else values

    return numbers


def _ids(table: pd.DataFrame, column: str, ids: Vocabulary) -> Key:
    if column not in table:
        return _constant(np.int32(-1))
    coded = folded(table[column])
    return _of_categories(coded, ids.rows_of_categories(coded))


def _actions(table: pd.DataFrame) -> Key:
    if columns.ACTION not in table:
        return _constant(np.int8(ACTION_CODES[columns.DEFAULT_ACTION]))
    return _texts(table, columns.ACTION, columns.ACTIONS, np.int8)


def _texts(
    table: pd.DataFrame, column: str, values: Sequence[str], kind: type[np.signedinteger[Any]]
) -> Key:
    coded = folded(table[column])
    positions = pd.Index(values).get_indexer(coded.cat.categories)
    return _of_categories(coded, np.append(positions, -1).astype(kind))


def _of_categories(coded: pd.Series, numbers: IntArray) -> Key:
    """A key of numbers [k + 1] of the categories of a column, that of null last."""
    codes = codes_of(coded)
    return lambda rows: numbers[codes[rows]]


def _constant(number: np.signedinteger[Any]) -> Key:
    def numbers(rows: Any) -> NDArray[Any]:
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        return np.full(count, number)

    return numbers


def _floats(table: pd.DataFrame, column: str) -> Key | None:
    if column not in table:
        return None
    values = table[column].to_numpy()
    return lambda rows: values[rows].astype(np.float32)


def _moments(table: pd.DataFrame) -> IntArray | None:
    if columns.TIMESTAMP in table:
        return microseconds(table[columns.TIMESTAMP])
    if columns.ORDER in table:
        return table[columns.ORDER].to_numpy(np.int64)
    return None
