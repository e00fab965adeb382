"""`Facts`: what is known before a moment, as columns that DuckDB reads."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.customers.expressions.compile import Columns
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, NEVER, timestamp
from recsys.data.sql_expressions.arrow_column import arrow_column
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError
from recsys.graph.features import as_of as latest_rows

ROW = "row number"
"""The column that joins tables; no expression can name it."""
_DIGITS = 4
"""Decimals of money: sums of decimals are exact, whatever the order of rows."""
_MOST = 1e14
_MEASURED = {columns.VALUE: "values", columns.DURATION: "durations", columns.WEIGHT: "weights"}


@dataclass(frozen=True, eq=False)
class Facts:
    """Events and side tables before a moment.

    Attributes:
        past: events and dated rows before `as_of` alone.
        as_of: the cut-off, UTC microseconds.
    """

    past: Dataset
    as_of: int

    @classmethod
    def before(cls, data: Dataset, moment: int) -> "Facts":
        """Those of a data set before a moment in UTC microseconds.

        Raises:
            InputError: the data have no timestamps.
        """
        return cls(data.before(moment), moment)

    @property
    def moment(self) -> pd.Timestamp:
        """The cut-off as UTC timestamp."""
        return timestamp(self.as_of)

    @cached_property
    def columns(self) -> Columns:
        """The columns that expressions may name."""
        events = self.past.interactions
        measured = [name for name, field in _MEASURED.items() if getattr(events, field) is not None]
        contexts = [f"{columns.CONTEXT_PREFIX}{name}" for name in self.past.contexts]
        return Columns(
            event=(columns.ACTION, columns.PRODUCT, columns.TOUCHPOINT, columns.TIMESTAMP,
                   "days_ago", *measured, *contexts),
            customer=_named(self._customers),
            product=_named(self._products),
        )  # fmt: skip

    def events(self, names: list[str]) -> pa.Table:
        """[E] rows with some columns of events, and the row numbers of customer and product."""
        rows = {
            f"customer {ROW}": pa.array(self.past.interactions.customers),
            f"product {ROW}": pa.array(self.past.interactions.products),
        }
        return pa.table(rows | {name: self._event(name) for name in names})

    def table(self, side: str, names: list[str]) -> pa.Table:
        """[C] or [P] rows of "customer" or "product" with some columns, and row numbers."""
        frame = self._customers if side == "customer" else self._products
        count = len(self.past.customers if side == "customer" else self.past.products)
        rows = {ROW: pa.array(np.arange(count, dtype=np.int32))}
        if frame is None:
            return pa.table(rows)
        return pa.table(rows | {name: arrow_column(frame[name]) for name in names})

    @cached_property
    def _customers(self) -> pd.DataFrame | None:
        table = self.past.side_tables.get("customers")
        latest = None if table is None else latest_rows(table, columns.CUSTOMER, None)
        return _by_row(latest, columns.CUSTOMER, self.past.customers)

    @cached_property
    def _products(self) -> pd.DataFrame | None:
        table = self.past.side_tables.get("products")
        first = None if table is None else table.drop_duplicates(columns.PRODUCT)
        return _by_row(first, columns.PRODUCT, self.past.products)

    def _event(self, name: str) -> pa.Array:
        events = self.past.interactions
        if name == columns.ACTION:
            return _coded(events.actions, np.array(columns.ACTIONS, dtype=object))
        if name == columns.PRODUCT:
            return _coded(events.products, self.past.products.ids)
        if name == columns.TOUCHPOINT:
            return _coded(events.touchpoints, self.past.touchpoints.ids)
        if name in _MEASURED:
            return _decimals(name, getattr(events, _MEASURED[name]))
        if name.startswith(columns.CONTEXT_PREFIX):
            context = name.removeprefix(columns.CONTEXT_PREFIX)
            assert events.contexts is not None
            codes = events.contexts[:, list(self.past.contexts).index(context)]
            return _coded(codes, np.array(self.past.contexts[context], dtype=object))
        assert events.when is not None
        unknown = events.when == NEVER
        if name == "days_ago":
            return pa.array(((self.as_of - events.when) // DAY).astype(np.int32), mask=unknown)
        return pa.array(events.when, mask=unknown).cast(pa.timestamp("us"))


def _named(frame: pd.DataFrame | None) -> tuple[str, ...]:
    return () if frame is None else tuple(str(name) for name in frame.columns)


def _by_row(latest: pd.DataFrame | None, key: str, ids: Vocabulary) -> pd.DataFrame | None:
    """[n] rows of a table by row number, empty where an id has none; flags keep their type."""
    if latest is None:
        return None
    gaps = {
        label: "boolean" if kind == bool else "Int64"  # noqa: E721
        for label, kind in latest.dtypes.items()
        if kind == bool or kind == np.int64  # noqa: E721
    }
    by_row = latest.set_axis(ids.rows(latest[key])).astype(gaps)
    return by_row[by_row.index >= 0].reindex(range(len(ids)))


def _coded(codes: IntArray, names: IdArray) -> pa.Array:
    """Texts by code; a code of -1 is no text."""
    words = pa.array([str(name) for name in names], type=pa.string())
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, words)


def _decimals(name: str, numbers: FloatArray) -> pa.Array:
    """DECIMAL(18, 4) of numbers, null where unknown."""
    # From single precision: more digits than these are noise.
    wide = np.round(numbers.astype(np.float64) * 10**_DIGITS)
    unknown = np.isnan(wide)
    if (np.abs(wide[~unknown]) >= _MOST * 10**_DIGITS).any():
        raise InputError(f"interactions: expected numbers below {_MOST:g} in '{name}'")
    low = np.where(unknown, 0, wide).astype(np.int64)
    both = np.stack([low, low >> 63], axis=1)
    valid = np.packbits(~unknown, bitorder="little")
    return pa.Array.from_buffers(
        pa.decimal128(18, _DIGITS), len(low), [pa.py_buffer(valid), pa.py_buffer(both)]
    )
