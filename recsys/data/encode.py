"""Codes checked interactions as arrays of row numbers, in order of time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.categories import codes_of, folded
from recsys.data.event_order import Key, event_order
from recsys.data.interactions import ACTION_CODES, Interactions, microseconds
from recsys.data.vocabulary import Vocabulary
from recsys.ops.chunks import slices
from recsys.ops.memory import Memory


def encode(
    table: pd.DataFrame,
    customers: Vocabulary,
    products: Vocabulary,
    touchpoints: Vocabulary,
    contexts: Mapping[str, Sequence[str]] | None = None,
    memory: Memory | None = None,
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
        memory: holds the arrays.
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
    when = _moments(table)
    keys = [each for each in (*read.values(), *by_context, given_test) if each is not None]
    order = None if when is None else event_order(when, [_sortable(key) for key in keys])
    ordered = _Ordered(len(table), order, memory or Memory())
    arrays: dict[str, Any] = {name: key and ordered.array(key) for name, key in read.items()}
    return Interactions(
        **arrays,
        when=when if when is None or order is None else ordered.array(when.__getitem__),
        contexts=ordered.table(by_context) if by_context else None,
        given_test=None if given_test is None else ordered.array(given_test) == 1,
    )


class _Ordered:
    """Makes arrays in the order of events.

    Args:
        count: number n of events.
        order: [n] positions of their rows; None for the order of the rows.
        memory: holds the arrays.
    """

    def __init__(self, count: int, order: IntArray | None, memory: Memory) -> None:
        self._count, self._order, self._memory = count, order, memory

    def array(self, key: Key) -> NDArray[Any]:
        """The numbers [n] of a key."""
        result = self._memory.allocate(self._count, key(slice(0, 0)).dtype)
        for chunk in slices(self._count):
            result[chunk] = key(self._rows(chunk))
        return result

    def table(self, keys: Sequence[Key]) -> IntArray:
        """The numbers [n, m] int16 of m keys."""
        result = self._memory.allocate((self._count, len(keys)), np.int16)
        for chunk in slices(self._count):
            for position, key in enumerate(keys):
                result[chunk, position] = key(self._rows(chunk))
        return result

    def _rows(self, chunk: slice) -> slice | IntArray:
        return chunk if self._order is None else self._order[chunk]


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
    return lambda rows: numbers.take(codes[rows])


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
