"""Ids to row numbers by binary search in sorted ids, and their file, `ids.parquet`.

The file has one line an id: kind (customer, product, touchpoint, action), id as text, row, and
strand, name and category where there are any. Customers and products lie sorted by id, so that
loading sorts nothing.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.arrays import IdArray, IntArray
from recsys.errors import InputError
from recsys.serve.contents import Contents

_NEAR = 10_000
"""Comparing texts is slow: among more ids than twice this, only neighbours are compared."""


@dataclass(frozen=True, eq=False)
class SortedIds:
    """The ids of one kind, ready for binary search.

    Attributes:
        kind: what they name, for messages: "customer" or "product".
        ids: [n] int64 or str objects, ascending; an id of several rows stands several times.
        rows: [n] int32 row number of each.
    """

    kind: str
    ids: IdArray
    rows: IntArray

    @classmethod
    def build(cls, kind: str, ids: IdArray, strands: IntArray | None = None) -> "SortedIds":
        """Sorts ids [n] given by row number, and the rows of one id by strand.

        Raises:
            InputError: an id (with its strand) stands twice.
        """
        is_integer = np.issubdtype(ids.dtype, np.integer)
        plain = ids.astype(np.int64 if is_integer else object)
        strand = np.zeros(len(ids), np.int64) if strands is None else strands
        by_strand = np.argsort(strand, kind="stable")
        order = by_strand[np.argsort(plain[by_strand], kind="stable")]
        ascending, strand = plain[order], strand[order]
        twice = (ascending[1:] == ascending[:-1]) & (strand[1:] == strand[:-1])
        if twice.any():
            repeated = ascending[int(np.argmax(twice))]
            raise InputError(f"contents.{kind}_ids: '{repeated}' stands twice; an id is given once")
        return cls(kind, ascending, order.astype(np.int32))

    def by_row(self) -> IdArray:
        """[n] ids by row number."""
        return _by_row(self.ids, self.rows)

    def find(self, wanted: Iterable[Any]) -> tuple[IntArray, IntArray]:
        """Where each wanted id lies: starts [m] and ends [m] in `ids`, equal where it is unknown.

        Numbers may be given as text, as a person types them.
        """
        keys = [self._key(one) for one in wanted]
        known = np.array([key is not None for key in keys], dtype=bool)
        usable = np.empty(int(known.sum()), dtype=self.ids.dtype)
        usable[:] = [key for key in keys if key is not None]
        starts, ends = np.zeros((2, len(keys)), np.int64)
        starts[known] = np.searchsorted(self.ids, usable, side="left")
        ends[known] = np.searchsorted(self.ids, usable, side="right")
        return starts, ends

    def find_known(self, wanted: Sequence[Any] | IdArray) -> tuple[IntArray, IntArray]:
        """As `find`.

        Raises:
            InputError: an id is unknown; the message names the nearest.
        """
        starts, ends = self.find(wanted)
        unknown = np.flatnonzero(starts == ends)
        if len(unknown):
            raise InputError(self._unknown(wanted[int(unknown[0])]))
        return starts, ends

    def rows_of(self, wanted: Any) -> IntArray:
        """Row numbers of one id, by strand.

        Raises:
            InputError: the id is unknown; the message names the nearest.
        """
        starts, ends = self.find_known([wanted])
        return self.rows[starts[0] : ends[0]]

    def _key(self, wanted: Any) -> int | str | None:
        if self.ids.dtype == object:
            return str(wanted)
        is_typed = isinstance(wanted, str) and wanted.removeprefix("-").isdecimal()
        if not is_typed and not isinstance(wanted, int | np.integer):
            return None
        return int(wanted) if abs(int(wanted)) < 2**63 else None

    def _unknown(self, wanted: Any) -> str:
        start = f"{self.kind} id '{wanted}' is not among the {len(self.ids):,} {self.kind} ids"
        key = self._key(wanted)
        if key is None:
            return f"{start}, which are whole numbers such as {self.ids[0]}"
        reach = _NEAR if self.ids.dtype == object else 2
        place = int(np.searchsorted(self.ids, np.array([key], self.ids.dtype))[0])
        low = max(0, min(place - reach, len(self.ids) - 2 * reach))
        near = list(dict.fromkeys(str(one) for one in self.ids[low : low + 2 * reach]))
        if self.ids.dtype == object:
            near = get_close_matches(str(key), near, n=3, cutoff=0)
        return f"{start}; the nearest are {', '.join(near)}"


def write(path: Path, contents: Contents, customers: SortedIds, products: SortedIds) -> None:
    """Writes the ids of all kinds, with the names and categories of products."""
    actions, touchpoints = contents.event_action_names, contents.touchpoint_names
    tables = [
        _table(customers, strand=_taken(contents.customer_strands, customers.rows)),
        _table(
            products,
            name=_taken(contents.product_names, products.rows),
            category=_taken(contents.product_categories, products.rows),
        ),
        _table(SortedIds("touchpoint", _objects(touchpoints), np.arange(len(touchpoints)))),
        _table(SortedIds("action", _objects(actions), np.arange(len(actions)))),
    ]
    types = {ids.kind: _type_of(ids) for ids in (customers, products)}
    table = pa.concat_tables(tables).replace_schema_metadata({"id_types": json.dumps(types)})
    pq.write_table(table, path, compression="zstd")


def read(path: Path) -> tuple[SortedIds, SortedIds, dict[str, Any]]:
    """Customers, products, and the fields of `Contents` that the file holds."""
    # pq.read_table would import pandas where it is installed.
    table = pq.ParquetFile(path).read()
    types = json.loads(table.schema.metadata[b"id_types"])
    parts = {kind: _part(table, kind) for kind in ("customer", "product", "touchpoint", "action")}
    customers = _sorted_ids("customer", parts["customer"], types)
    products = _sorted_ids("product", parts["product"], types)
    strands = parts["customer"]["strand"]
    fields: dict[str, Any] = {
        "customer_ids": customers.by_row(),
        "product_ids": products.by_row(),
        "touchpoint_names": parts["touchpoint"]["id"].to_pylist(),
        "event_action_names": parts["action"]["id"].to_pylist(),
        "product_names": _texts_by_row(parts["product"]["name"], products.rows),
        "product_categories": _texts_by_row(parts["product"]["category"], products.rows),
    }
    if not strands.null_count:
        fields["customer_strands"] = _by_row(_array(strands, np.int64), customers.rows)
    return customers, products, fields


def _table(
    ids: SortedIds,
    strand: IdArray | None = None,
    name: IdArray | None = None,
    category: IdArray | None = None,
) -> pa.Table:
    count = len(ids.ids)

    def column(values: IdArray | None, kind: pa.DataType) -> pa.Array:
        return pa.nulls(count, kind) if values is None else pa.array(values, kind)

    # Arrow turns numbers into text only once they are its own.
    text = pa.array(ids.ids, pa.string() if ids.ids.dtype == object else pa.int64())
    return pa.table(
        {
            "kind": pa.array([ids.kind]).take(pa.array(np.zeros(count, np.int8))),
            "id": text.cast(pa.string()),
            "row": pa.array(ids.rows, pa.int32()),
            "strand": column(strand, pa.int64()),
            "name": column(name, pa.string()),
            "category": column(category, pa.string()),
        }
    )


def _part(table: pa.Table, kind: str) -> pa.Table:
    places = np.flatnonzero(_array(table["kind"], object) == kind)
    return table.slice(places[0], len(places)) if len(places) else table.slice(0, 0)


def _array(column: pa.ChunkedArray, dtype: type) -> IdArray:
    # Arrow's own to_numpy would import pandas where it is installed.
    return np.array(column.to_pylist(), dtype=dtype)


def _sorted_ids(kind: str, part: pa.Table, types: dict[str, str]) -> SortedIds:
    is_integer = types[kind] == "int64"
    ids = part["id"].cast(pa.int64()) if is_integer else part["id"]
    return SortedIds(
        kind, _array(ids, np.int64 if is_integer else object), _array(part["row"], np.int32)
    )


def _type_of(ids: SortedIds) -> str:
    return "str" if ids.ids.dtype == object else "int64"


def _objects(texts: Sequence[str | None]) -> IdArray:
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array


def _taken(values: Sequence[Any] | IdArray | None, rows: IntArray) -> IdArray | None:
    if values is None:
        return None
    array: IdArray = values if isinstance(values, np.ndarray) else _objects(values)
    return array[rows]


def _by_row(values: IdArray, rows: IntArray) -> IdArray:
    ordered = np.empty_like(values)
    ordered[rows] = values
    return ordered


def _texts_by_row(column: pa.ChunkedArray, rows: IntArray) -> list[str | None] | None:
    if column.null_count == len(rows):
        return None
    texts: list[str | None] = _by_row(_array(column, object), rows).tolist()
    return texts
