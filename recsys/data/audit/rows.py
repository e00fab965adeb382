"""`AllRows`: the checked interactions in the order of the table, read independently of models."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER
from recsys.data.vocabulary import Vocabulary
from recsys.ops.chunks import slices

_PART = 1 << 17
_KEYS_AT_ONCE, _MOST_RANGES = 1 << 22, 8
"""Keys that are sorted at once, 8 bytes each; each range of them reads all rows again."""


class Rows:
    """Some interactions as arrays, one entry per row; each is read when it is first asked for."""

    def __init__(self, cells: Mapping[str, "_Cells"], where: IntArray) -> None:
        """Names rows.

        Args:
            cells: name of an array -> what reads its entries at positions.
            where: [N] positions of the rows in the table.
        """
        self._cells, self._where = cells, where

    def __len__(self) -> int:
        return len(self._where)

    @cached_property
    def customers(self) -> IntArray:
        """[N] row numbers of ids."""
        return self._cells["customers"](self._where)

    @cached_property
    def products(self) -> IntArray:
        """[N] row numbers of ids; -1 for an event without product."""
        return self._cells["products"](self._where)

    @cached_property
    def touchpoints(self) -> IntArray:
        """[N] row numbers; -1 where unknown."""
        return self._cells["touchpoints"](self._where)

    @cached_property
    def actions(self) -> IntArray:
        """[N] positions in `columns.ACTIONS`."""
        return self._cells["actions"](self._where)

    @cached_property
    def moments(self) -> IntArray | None:
        """[N] int64 in units of the clock, `NEVER` where unknown; None without a clock."""
        return self._cells["moments"](self._where) if "moments" in self._cells else None

    @cached_property
    def values(self) -> FloatArray | None:
        """[N] float32, as models get them; None without the column."""
        return self._cells["values"](self._where) if "values" in self._cells else None

    @cached_property
    def of_test(self) -> BoolArray | None:
        """[N] rows of a published test part; None without a published split."""
        return self._cells["of_test"](self._where) if "of_test" in self._cells else None

    def select(self, keep: BoolArray) -> "Rows":
        """The rows that the mask [N] keeps."""
        return self if keep.all() else Rows(self._cells, self._where[keep])

    def pairs(self, products: int) -> IntArray:
        """[N] int64 numbers of the pair of customer and product; `products` is how many exist."""
        return self.customers.astype(np.int64) * (products + 1) + self.products + 1

    def edges(self, products: int) -> IntArray:
        """[N] int64 numbers of customer, product and action; `products` is how many exist."""
        return self.pairs(products) * len(columns.ACTIONS) + self.actions

    def acts(self, actions: tuple[str, ...]) -> BoolArray:
        """[N] bool, events with a product and an action among `actions`."""
        is_one = np.zeros(len(columns.ACTIONS), dtype=bool)
        is_one[[columns.ACTIONS.index(action) for action in actions]] = True
        return is_one[self.actions] & (self.products >= 0)


class AllRows:
    """All interactions of a table or of a data set, read part by part: no copy of them is kept.

    Args:
        count: number of rows.
        cells: name of an array of `Rows` -> what reads its entries at positions.
    """

    def __init__(self, count: int, cells: Mapping[str, "_Cells"]) -> None:
        self._count, self._cells = count, cells

    def __len__(self) -> int:
        return self._count

    @property
    def are_ordered(self) -> bool:
        """Whether rows have a moment or a position."""
        return "moments" in self._cells

    def parts(self, keep: BoolArray | None = None) -> Iterator[tuple[int, Rows]]:
        """The position of its first row, and the rows, of each part; only those of a mask [N]."""
        for span in slices(self._count, _PART):
            rows = self.at(np.arange(span.start, span.stop))
            yield span.start, rows if keep is None else rows.select(keep[span])

    def at(self, positions: IntArray) -> Rows:
        """The rows at positions."""
        return Rows(self._cells, positions)

    def where(self, holds: Callable[[Rows], BoolArray]) -> BoolArray:
        """[N] bool, the rows for which something holds."""
        result = np.zeros(self._count, dtype=bool)
        for start, rows in self.parts():
            result[start : start + len(rows)] = holds(rows)
        return result

    def latest(self) -> int | None:
        """The latest moment that is known; None if none is."""
        latest = None
        for _, rows in self.parts():
            latest = later(latest, rows.moments)
        return latest


_Cells = Callable[[IntArray], NDArray[Any]]


def rows_of_table(table: pd.DataFrame, data: Dataset) -> AllRows:
    """The rows of a checked interactions table, with the row numbers of ids in `data`."""
    cells = {
        "customers": _ids(table[columns.CUSTOMER], data.customers),
        "products": _none(len(table)),
        "touchpoints": _none(len(table)),
        "actions": _none(len(table), columns.ACTIONS.index(columns.DEFAULT_ACTION)),
    }
    if columns.PRODUCT in table:
        cells["products"] = _ids(table[columns.PRODUCT], data.products)
    if columns.TOUCHPOINT in table:
        cells["touchpoints"] = _ids(table[columns.TOUCHPOINT], data.touchpoints)
    if columns.ACTION in table:
        cells["actions"] = _coded(table[columns.ACTION], pd.Index(columns.ACTIONS).get_indexer)
    if columns.PART in table:
        is_test = _coded(table[columns.PART], pd.Index([columns.TEST_PART]).get_indexer)
        cells["of_test"] = lambda where: is_test(where) == 0
    if columns.VALUE in table:
        values = table[columns.VALUE].to_numpy()
        cells["values"] = lambda where: values[where].astype(np.float32)
    if columns.ORDER in table:
        cells["moments"] = table[columns.ORDER].to_numpy(np.int64).__getitem__
    elif columns.TIMESTAMP in table:
        cells["moments"] = _microseconds(table[columns.TIMESTAMP])
    return AllRows(len(table), cells)


def rows_of_past(data: Dataset) -> AllRows:
    """The events that a model is given."""
    events = data.interactions
    arrays = {
        "customers": events.customers, "products": events.products,
        "touchpoints": events.touchpoints, "actions": events.actions, "moments": events.when,
        "values": events.values, "of_test": events.given_test,
    }  # fmt: skip
    return AllRows(
        len(events),
        {name: array.__getitem__ for name, array in arrays.items() if array is not None},
    )


def later(latest: int | None, moments: IntArray | None) -> int | None:
    """The latest of a moment and of further ones [n]; None if none of them is known."""
    if moments is None or not (moments != NEVER).any():
        return latest
    last = int(moments[moments != NEVER].max())
    return last if latest is None else max(latest, last)


def more_often(given: AllRows, allowed: AllRows, keep: BoolArray, products: int) -> IntArray:
    """Edges that are among the rows of `given` more often than among the kept ones of `allowed`.

    Args:
        given: [n] rows.
        allowed: [N] rows.
        keep: [N] bool.
        products: how many exist.

    Returns:
        numbers as by `Rows.edges`, distinct and sorted.
    """
    found = []
    for low, high in _ranges(max(len(given), int(np.count_nonzero(keep))), given, allowed):
        edges = _edges(given, None, products, low, high)
        others = _edges(allowed, keep, products, low, high)
        # Usually all rows before a cut-off are given.
        if not np.array_equal(edges, others):
            found.append(_more_often(edges, others))
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def among(keys: IntArray, others: IntArray) -> BoolArray:
    """[n] bool, which of the keys [n] are in `others`, by hash: `numpy.isin` is slower."""
    return pd.Index(keys).isin(others)


def _ranges(count: int, *tables: AllRows) -> Iterator[tuple[int, int]]:
    """Ranges of customers, so many that the edges of one need little memory."""
    highest = 0
    for table in tables:
        for _, rows in table.parts():
            highest = max(highest, int(rows.customers.max(initial=0)))
    parts = min(max(-(-count // _KEYS_AT_ONCE), 1), _MOST_RANGES)
    bounds = np.linspace(0, highest + 1, parts + 1).astype(np.int64).tolist()
    yield from pairwise(bounds)


def _edges(table: AllRows, keep: BoolArray | None, products: int, low: int, high: int) -> IntArray:
    """Sorted edges of the customers of a range."""
    edges = np.empty(len(table) if keep is None else int(np.count_nonzero(keep)), np.int64)
    count = 0
    for _, rows in table.parts(keep):
        inside = rows.select((rows.customers >= low) & (rows.customers < high))
        edges[count : count + len(inside)] = inside.edges(products)
        count += len(inside)
    edges = edges[:count]
    edges.sort()
    return edges


def _more_often(given: IntArray, allowed: IntArray) -> IntArray:
    keys, counts = np.unique(given, return_counts=True)
    allowed_keys, allowed_counts = np.unique(allowed, return_counts=True)
    limits = np.zeros(len(keys), np.int64)
    _, in_keys, in_allowed = np.intersect1d(
        keys, allowed_keys, assume_unique=True, return_indices=True
    )
    limits[in_keys] = allowed_counts[in_allowed]
    return keys[counts > limits]


def _ids(column: pd.Series, ids: Vocabulary) -> _Cells:
    return _coded(column, lambda values: ids.rows(pd.Series(values)))


def _coded(column: pd.Series, number: Callable[[pd.Index], IntArray]) -> _Cells:
    """Numbers of the distinct values of a column, looked up by the codes of rows."""
    coded = pd.Categorical(column)  # no copy of one that is
    codes, numbers = coded.codes, np.append(number(coded.categories), -1).astype(np.int32)
    return lambda where: numbers.take(codes[where])


def _none(count: int, number: int = -1) -> _Cells:
    return np.broadcast_to(np.int32(number), count).__getitem__


def _microseconds(column: pd.Series) -> _Cells:
    times = column.dt.tz_localize(None).to_numpy()

    def moments(where: IntArray) -> IntArray:
        since = times[where].astype("datetime64[us]")
        return np.where(np.isnat(since), NEVER, since.astype(np.int64))

    return moments
