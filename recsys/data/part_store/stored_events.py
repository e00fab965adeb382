"""`StoredEvents`: all events of a store, as a table, as its outline, and as counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.categories import code_type, gathered, plain
from recsys.data.part_store.arrow_files import Columns
from recsys.data.part_store.changes import Changes
from recsys.data.part_store.manifest import KeptPart


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredPart:
    """A part of the events.

    Attributes:
        about: what it counts.
        arrays: column -> [n] int32 codes, or numbers, or moments; mapped into memory.
    """

    about: KeptPart
    arrays: Columns


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What the events of a store count.

    Attributes:
        events, customers, products: their number; of customers and products with an event.
        first, last: the first and last moment in UTC microseconds, or position of an order; None
            without one.
        counts: "action", "touchpoint" and "day" -> value -> number of events.
    """

    events: int
    customers: int
    products: int
    first: int | None
    last: int | None
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredEvents:
    """The checked events of all parts.

    Attributes:
        folder: of the store.
        parts: in the order of the table.
        values: column of ids or texts -> what the codes of all parts stand for.
        new_values: column of ids or texts -> how many of its values this update added.
        has_unused: whether some of the values may occur in no part.
        changes: what the update found.
    """

    folder: Path
    parts: tuple[StoredPart, ...]
    values: Mapping[str, pa.Array]
    new_values: Mapping[str, int]
    has_unused: bool
    changes: Changes

    def column(self, name: str) -> NDArray[Any]:
        """[E] a column of all parts, one after the other; codes in the type that holds them all."""
        kind = code_type(len(self.values[name])) if name in self.values else None
        return np.concatenate([part.arrays[name] for part in self.parts], dtype=kind)

    def frame(self) -> pd.DataFrame:
        """[E] the events as `recsys.data.check.check_table` gives them, texts as categories."""
        return pd.DataFrame({name: self._typed(name) for name in self.parts[0].arrays})

    def _typed(self, name: str) -> pd.Series:
        column = self.column(name)
        if name not in self.values:
            return _as_checked(column)
        values = self.values[name]
        if self.has_unused:
            used = self.used[name]
            values = values.filter(pa.array(used))
            column = gathered(np.append(np.cumsum(used) - 1, -1).astype(column.dtype), column)
        events = _categories(column, values)
        # Whole numbers of sessions are no categories, see `recsys.data.readers`.
        is_plain = name == columns.SESSION and pa.types.is_integer(values.type)
        return plain(events) if is_plain else events

    def outline(self) -> pd.DataFrame:
        """A small table that passes the checks of a whole table if, and only if, the events do.

        It has every id and text of the events, the first and last moment, and of numbers a cell
        that is the sum of all absolute ones. Its first rows have the values of each column in
        their order; a column of fewer values begins again.
        """
        values = {
            name: array.filter(pa.array(self.used[name])) if self.has_unused else array
            for name, array in self.values.items()
        }
        length = max(2, *map(len, values.values()))
        outline = {}
        for name, array in self.parts[0].arrays.items():
            if name in values:
                outline[name] = _repeated(values[name], length)
            elif array.dtype.kind == "M" or name == columns.ORDER:
                outline[name] = _as_checked(self._extremes(name)[np.arange(length) % 2])
            else:
                outline[name] = pd.Series(np.zeros(length))
                outline[name].iloc[0] = sum(part.about.sums[name] for part in self.parts)
        return pd.DataFrame(outline)

    def _extremes(self, name: str) -> NDArray[Any]:
        kind = np.result_type(*(part.arrays[name].dtype for part in self.parts))
        if self.statistics.first is None:
            return np.full(2, np.datetime64("NaT")).astype(kind)
        moments = np.array([self.statistics.first, self.statistics.last])
        return moments if kind.kind != "M" else moments.astype("datetime64[us]").astype(kind)

    @cached_property
    def used(self) -> Mapping[str, NDArray[np.bool_]]:
        """Column -> which of its values occur."""
        return {name: self._used(name, len(array)) for name, array in self.values.items()}

    def _used(self, name: str, length: int) -> NDArray[np.bool_]:
        used = np.zeros(length + 1, bool)
        for part in self.parts:
            used[part.arrays[name]] = True
        return used[:-1]

    @cached_property
    def statistics(self) -> Statistics:
        """What the events count, added up over the parts."""
        counts: dict[str, Counter[str]] = {}
        abouts = [part.about for part in self.parts]
        for about in abouts:
            for name, of_part in about.counts.items():
                counts.setdefault(name, Counter()).update(of_part)
        return Statistics(
            events=sum(about.rows for about in abouts),
            customers=self.number_of(columns.CUSTOMER),
            products=self.number_of(columns.PRODUCT),
            first=min(
                (p.about.first for p in self.parts if p.about.first is not None), default=None
            ),
            last=max((p.about.last for p in self.parts if p.about.last is not None), default=None),
            counts={name: dict(sorted(counter.items())) for name, counter in counts.items()},
        )

    def number_of(self, name: str) -> int:
        """How many values of a column of ids occur."""
        if name not in self.values:
            return 0
        return int(self.used[name].sum()) if self.has_unused else len(self.values[name])


def _as_checked(column: NDArray[Any]) -> pd.Series:
    series = pd.Series(column)
    return series.dt.tz_localize("UTC") if column.dtype.kind == "M" else series


def _repeated(values: pa.Array, length: int) -> pd.Series:
    """The values from the start, again and again, as categories; null where there are none."""
    codes: IntArray = np.arange(length) % len(values) if len(values) else np.full(length, -1)
    return _categories(codes.astype(code_type(len(values))), values)


def _categories(codes: IntArray, values: pa.Array) -> pd.Series:
    is_whole = pa.types.is_integer(values.type)
    index = pd.Index(values.to_numpy() if is_whole else values.to_pandas().astype("str"))
    return pd.Series(pd.Categorical.from_codes(codes, index, validate=False), copy=False)
