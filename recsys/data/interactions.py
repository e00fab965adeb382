"""The interactions as arrays of row numbers, from which graphs and matrices are made."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.vocabulary import Vocabulary

NEVER = np.iinfo(np.int64).max
"""The time of a published test row without a timestamp: later than every cut-off."""

SECOND = 1_000_000
"""Units of a clock of time per second: it counts microseconds."""
DAY = 86_400 * SECOND
"""Units of a clock of time per day."""

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

    def select(self, keep: BoolArray | IntArray) -> "Interactions":
        """The events that a mask [n] keeps, or those at some positions."""
        chosen: dict[str, Any] = {}
        for field in fields(self):
            array = getattr(self, field.name)
            chosen[field.name] = None if array is None else array[keep]
        return Interactions(**chosen)

    def has_action(self, actions: tuple[str, ...]) -> BoolArray:
        """Mask [n] of the events whose action is among `actions`."""
        return np.isin(self.actions, [ACTION_CODES[action] for action in actions])

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
    contexts: IntArray | None = None,
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
        contexts: [n, m] codes, see `recsys.data.contexts`.
    """
    nothing = np.full(len(table), -1, np.int32)
    coded = Interactions(
        customers=customers.rows(table[columns.CUSTOMER]),
        products=products.rows(table[columns.PRODUCT]) if columns.PRODUCT in table else nothing,
        touchpoints=(
            touchpoints.rows(table[columns.TOUCHPOINT]) if columns.TOUCHPOINT in table else nothing
        ),
        actions=_action_codes(table),
        when=_moments(table),
        values=_floats(table, columns.VALUE),
        durations=_floats(table, columns.DURATION),
        weights=_floats(table, columns.WEIGHT),
        contexts=contexts,
        given_test=_given_test(table),
    )
    if coded.when is None:
        return coded
    return coded.select(_in_order(coded))


def microseconds(moments: pd.Series) -> IntArray:
    """UTC microseconds since 1970, int64 [n], of time-zone-aware moments; `NEVER` where null."""
    utc = moments.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(utc), NEVER, utc.astype(np.int64))


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


def _in_order(events: Interactions) -> IntArray:
    """Positions in the order of `encode`; the next key is compared only where events are tied."""
    assert events.when is not None
    order = np.argsort(events.when, kind="stable")
    moments = events.when[order]
    is_first = np.append(True, moments[1:] != moments[:-1])[: len(order)]
    for key in _tie_keys(events):
        tied = ~is_first | ~np.append(is_first[1:], True)[: len(order)]
        if not tied.any():
            break
        group, rows = np.cumsum(is_first)[tied], order[tied]
        rows = rows[np.lexsort((key[rows], group))]
        differs = (group[1:] != group[:-1]) | (key[rows][1:] != key[rows][:-1])
        order[tied], is_first[tied] = rows, np.append(True, differs)
    return order


def _tie_keys(events: Interactions) -> Iterator[IntArray | FloatArray]:
    yield from (events.customers, events.actions, events.products, events.touchpoints)
    for measured in (events.values, events.durations, events.weights):
        if measured is not None:
            # Unknown values are equal to each other; NaN is not.
            yield np.where(np.isnan(measured), -np.inf, measured)
    if events.contexts is not None:
        yield from events.contexts.T
    if events.given_test is not None:
        yield events.given_test.astype(np.int8)


def _action_codes(table: pd.DataFrame) -> IntArray:
    if columns.ACTION not in table:
        return np.full(len(table), ACTION_CODES[columns.DEFAULT_ACTION], np.int8)
    return pd.Categorical(table[columns.ACTION], categories=columns.ACTIONS).codes.astype(np.int8)


def _moments(table: pd.DataFrame) -> IntArray | None:
    if columns.TIMESTAMP in table:
        return microseconds(table[columns.TIMESTAMP])
    if columns.ORDER in table:
        return table[columns.ORDER].to_numpy(np.int64)
    return None


def _floats(table: pd.DataFrame, column: str) -> FloatArray | None:
    return table[column].to_numpy(np.float32) if column in table else None


def _given_test(table: pd.DataFrame) -> BoolArray | None:
    if columns.PART not in table:
        return None
    return (table[columns.PART] == columns.TEST_PART).to_numpy(dtype=bool)
