"""Ids to row numbers by binary search in sorted ids, and their file, `ids.parquet`.

The file has one line an id: kind (customer, product, touchpoint, action), id as text, row, and
strand, name and category where there are any. Customers and products lie sorted by id, so that
loading sorts nothing.
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.arrays import IdArray, IntArray
from recsys.errors import InputError
from recsys.serve.contents import Contents
from recsys.serve.mapped import Content
from recsys.serve.text_ids import TextIds, numbers, row_numbers, strings

_NEAR = 10_000
"""Comparing texts is slow: among more ids than twice this, only neighbours are compared."""
_FEW = 1_000
"""So many ids are looked up one by one; more share a hash table of all ids."""
_BYTES_A_LINE, _SPARE_BYTES = 1024, 2**20
"""What ids.parquet may hold on average; a file that says more is not read."""
_TEXTS = ("kind", "id", "name", "category")


@dataclass(frozen=True, eq=False)
class SortedIds:
    """The ids of one kind, ready for binary search.

    Attributes:
        kind: what they name, for messages: "customer" or "product".
        ids: [n] int64, or Arrow strings, ascending; an id of several rows stands several times.
        rows: [n] int32 row number of each.
        is_uuid: whether the strings are UUIDs.
    """

    kind: str
    ids: IdArray | pa.StringArray
    rows: IntArray
    is_uuid: bool = False

    @classmethod
    def build(
        cls, kind: str, ids: IdArray | TextIds, strands: IntArray | None = None
    ) -> "SortedIds":
        """Sorts ids [n] given by row number, and the rows of one id by strand.

        Raises:
            InputError: an id (with its strand) stands twice.
        """
        strand = np.zeros(len(ids), np.int64) if strands is None else strands
        by_strand = np.argsort(strand, kind="stable")
        is_uuid = False
        if np.issubdtype(ids.dtype, np.integer):
            plain = np.asarray(ids).astype(np.int64)
            order = by_strand[np.argsort(plain[by_strand], kind="stable")]
            ascending: Any = plain[order]
        else:
            is_uuid = isinstance(ids[0], UUID)
            # Stable, and by bytes, which is the order of code points too.
            texts = _as_strings(ids).take(pa.array(by_strand))
            order = by_strand[numbers(pc.array_sort_indices(texts), np.int64)]
            ascending = _as_strings(ids).take(pa.array(order))
        found = cls(kind, ascending, order.astype(np.int32), is_uuid)
        twice = found._repeats & (strand[order][1:] == strand[order][:-1])
        if twice.any():
            repeated = ascending[int(np.argmax(twice))]
            raise InputError(f"contents.{kind}_ids: '{repeated}' stands twice; an id is given once")
        return found

    def by_row(self) -> IdArray:
        """[n] ids by row number."""
        if isinstance(self.ids, np.ndarray):
            return _by_row(self.ids, self.rows)
        places = np.arange(len(self.rows), dtype=np.int32)
        return cast(IdArray, TextIds(self.ids, _by_row(places, self.rows), self.is_uuid))

    @cached_property
    def _repeats(self) -> IdArray:
        """[n - 1] whether an id is the one before it."""
        if isinstance(self.ids, np.ndarray):
            return np.asarray(self.ids[1:] == self.ids[:-1])
        same = pc.equal(self.ids.slice(1), self.ids.slice(0, len(self.ids) - 1))
        return numbers(same, np.uint8).astype(bool)

    @cached_property
    def groups(self) -> tuple[IntArray, IntArray]:
        """Where the rows of each distinct id start and end, ascending by id."""
        starts = np.concatenate([[0], np.flatnonzero(~self._repeats) + 1])
        return starts, np.append(starts[1:], len(self.rows))

    def find(self, wanted: Iterable[Any]) -> tuple[IntArray, IntArray]:
        """Where each wanted id lies: starts [m] and ends [m] in `ids`, equal where it is unknown.

        Numbers and UUIDs may be given as text, as a person types them.
        """
        keys = [self._key(one) for one in wanted]
        starts, ends = np.zeros((2, len(keys)), np.int64)
        known = np.array([key is not None for key in keys], dtype=bool)
        usable = [key for key in keys if key is not None]
        if isinstance(self.ids, np.ndarray):
            numbers_wanted = np.array(usable, np.int64)
            starts[known] = np.searchsorted(self.ids, numbers_wanted, side="left")
            ends[known] = np.searchsorted(self.ids, numbers_wanted, side="right")
        elif len(keys) <= _FEW:
            starts[known] = [self._first(key) for key in usable]
            ends[known] = [
                self._end(key, int(start)) for key, start in zip(usable, starts[known], strict=True)
            ]
        else:
            places = pc.index_in(strings(list(map(str, usable))), value_set=self.ids)
            first = numbers(pc.fill_null(places, row_numbers(np.array([-1]))[0]), np.int64)
            begins, stops = self.groups
            starts[known] = np.maximum(first, 0)
            ends[known] = np.where(first < 0, 0, stops[np.searchsorted(begins, first)])
        return starts, ends

    def _first(self, key: Any) -> int:
        return bisect_left(self.ids, key, key=lambda one: one.as_py())

    def _end(self, key: Any, place: int) -> int:
        while place < len(self.ids) and self.ids[place].as_py() == key:
            place += 1
        return place

    def find_known(self, wanted: Sequence[Any] | IdArray | TextIds) -> tuple[IntArray, IntArray]:
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
        if self.is_uuid:
            try:
                return str(UUID(str(wanted)))
            except ValueError:
                return None
        if not isinstance(self.ids, np.ndarray):
            return str(wanted)
        is_typed = isinstance(wanted, str) and wanted.removeprefix("-").isdecimal()
        if not is_typed and not isinstance(wanted, int | np.integer):
            return None
        return int(wanted) if abs(int(wanted)) < 2**63 else None

    def _unknown(self, wanted: Any) -> str:
        start = f"{self.kind} id '{wanted}' is not among the {len(self.ids):,} {self.kind} ids"
        key = self._key(wanted)
        if key is None:
            shape = "UUIDs" if self.is_uuid else "whole numbers"
            return f"{start}, which are {shape} such as {self.ids[0]}"
        is_integer = isinstance(self.ids, np.ndarray)
        reach = 2 if is_integer else _NEAR
        place = int(np.searchsorted(self.ids, int(key))) if is_integer else self._first(key)
        low = max(0, min(place - reach, len(self.ids) - 2 * reach))
        near = list(dict.fromkeys(str(one) for one in self.ids[low : low + 2 * reach]))
        if not is_integer:
            near = get_close_matches(str(key), near, n=3, cutoff=0)
        return f"{start}; the nearest are {', '.join(near)}"


def write(path: Path, contents: Contents, customers: SortedIds, products: SortedIds) -> None:
    """Writes the ids of all kinds, with the names and categories of products.

    Raises:
        InputError: they are so long that `read` would refuse them.
    """
    actions, touchpoints = contents.event_action_names, contents.touchpoint_names
    tables = [
        _table(customers, strand=_taken(contents.customer_strands, customers.rows)),
        _table(
            products,
            name=_taken(contents.product_names, products.rows),
            category=_taken(contents.product_categories, products.rows),
        ),
        _table(SortedIds("touchpoint", strings(touchpoints), np.arange(len(touchpoints)))),
        _table(SortedIds("action", strings(actions), np.arange(len(actions)))),
    ]
    types = {ids.kind: _type_of(ids) for ids in (customers, products)}
    table = pa.concat_tables(tables).replace_schema_metadata({"id_types": json.dumps(types)})
    if table.nbytes > _allowed(table.num_rows):
        raise InputError(
            f"contents: ids, names and categories take {table.nbytes / len(table):,.0f} bytes a "
            f"line, at most {_BYTES_A_LINE:,} are allowed; shorten the names"
        )
    pq.write_table(table, path, compression="zstd")


def read(raw: Content, counts: Mapping[str, int]) -> tuple[SortedIds, SortedIds, dict[str, Any]]:
    """Customers, products, and the fields of `Contents` that the file holds.

    Args:
        raw: the file.
        counts: of the manifest, against which the file is held before it is unpacked.

    Raises:
        ValueError: the file holds something else, or would unpack to far more than ids.
    """
    table = _bounded(raw, counts)
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
        fields["customer_strands"] = _by_row(numbers(strands, np.int64), customers.rows)
    return customers, products, fields


def _bounded(raw: Content, counts: Mapping[str, int]) -> pa.Table:
    """The table, texts spelled out, refused where it is larger than ids can be."""
    # pq.read_table would import pandas where it is installed.
    file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(raw)), read_dictionary=list(_TEXTS))
    footer = file.metadata
    expected = counts["customer_rows"] + counts["products"] + counts["touchpoints"]
    if not expected <= footer.num_rows <= expected + 127:
        raise ValueError(
            f"ids.parquet has {footer.num_rows:,} lines where the manifest counts {expected:,}"
        )
    groups = range(footer.num_row_groups)
    sizes = [footer.row_group(group).total_byte_size for group in groups]
    _require_allowed(sum(sizes), footer.num_rows)
    # Column by column and in one thread, so that little memory is held at a time.
    columns = {
        name: _column(file.read(columns=[name], use_threads=False)[name], name, footer.num_rows)
        for name in file.schema_arrow.names
    }
    # What was read in passing goes back to the system and not into the allocator's reserve.
    pa.default_memory_pool().release_unused()
    return pa.table(columns, metadata=file.schema_arrow.metadata)


def _column(column: pa.ChunkedArray, name: str, lines: int) -> pa.ChunkedArray:
    """The column with its texts spelled out, if they are short enough for that."""
    if name not in _TEXTS:
        return column
    # One long text of a dictionary may stand in every line.
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    lengths = [pc.binary_length(one.dictionary).take(one.indices) for one in chunks]
    _require_allowed(sum(pc.sum(one).as_py() or 0 for one in lengths), lines)
    return column.cast(pa.string())


def _require_allowed(size: int, lines: int) -> None:
    if size > _allowed(lines):
        raise ValueError(f"ids.parquet would unpack to {size:,} bytes for {lines:,} ids")


def _allowed(lines: int) -> int:
    return _BYTES_A_LINE * lines + _SPARE_BYTES


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
    text = pa.array(ids.ids, pa.int64()) if isinstance(ids.ids, np.ndarray) else ids.ids
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
    is_kind = pc.equal(table["kind"], strings([kind])[0])
    places = np.flatnonzero(numbers(is_kind, np.uint8))
    return table.slice(places[0] if len(places) else 0, len(places))


def _sorted_ids(kind: str, part: pa.Table, types: Mapping[str, str]) -> SortedIds:
    chunks = part["id"].chunks
    texts = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    ids = numbers(texts.cast(pa.int64()), np.int64) if types[kind] == "int64" else texts
    rows = numbers(part["row"], np.int32)
    if len(rows) and (rows.min() < 0 or rows.max() >= len(rows)):
        raise ValueError(f"the rows of the {kind} ids are not 0 to {len(rows) - 1:,}")
    return SortedIds(kind, ids, rows, is_uuid=types[kind] == "uuid")


def _type_of(ids: SortedIds) -> str:
    if isinstance(ids.ids, np.ndarray):
        return "int64"
    return "uuid" if ids.is_uuid else "str"


def _as_strings(ids: IdArray | TextIds) -> pa.StringArray:
    return ids.texts() if isinstance(ids, TextIds) else strings([str(one) for one in ids])


def _taken(values: Sequence[Any] | IdArray | None, rows: IntArray) -> IdArray | None:
    if values is None:
        return None
    if isinstance(values, np.ndarray):
        return values[rows]
    array = np.empty(len(values), dtype=object)
    array[:] = values
    taken: IdArray = array[rows]
    return taken


def _by_row(values: IdArray, rows: IntArray) -> IdArray:
    ordered = np.empty_like(values)
    ordered[rows] = values
    return ordered


def _texts_by_row(column: pa.ChunkedArray, rows: IntArray) -> list[str | None] | None:
    if column.null_count == len(rows):
        return None
    texts = np.empty(len(rows), dtype=object)
    texts[rows] = column.to_pylist()
    return list(texts)
