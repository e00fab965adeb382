"""The file of ids, `ids.parquet`, whose size in memory is bounded before it is unpacked.

The file has one line for each id: kind (customer, product, touchpoint, action, offer, feature), id
as text, row, and, where they exist, strand, name (for an offer its variant, for a feature its
column) and category (for a feature the value of a text). Customers and products are sorted by id,
so that loading need not sort.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.arrays import IdArray, IntArray
from recsys.errors import InputError
from recsys.serving.artifact import ids_checks
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds, by_row
from recsys.serving.artifact.mapped import Content
from recsys.serving.artifact.product_features import ProductFeatures
from recsys.serving.artifact.text_ids import numbers, strings

_KINDS = (*ids_checks.COUNTED, "action")


@dataclass(frozen=True, kw_only=True)
class StoredIds:
    """What `ids.parquet` holds.

    Attributes:
        customers, products: sorted.
        strands: [C] of the customer rows; None where every customer has one.
        product_names, product_categories: [P] by row; None where no product has one.
        touchpoints, actions: names by row.
        offers: ids and variants by row; None where there are no offers.
        features: columns and values of the terms; None where there are none.
    """

    customers: SortedIds
    products: SortedIds
    strands: IntArray | None
    product_names: Sequence[str | None] | None
    product_categories: Sequence[str | None] | None
    touchpoints: Sequence[str]
    actions: Sequence[str]
    offers: tuple[IdArray, Sequence[str | None] | None] | None
    features: tuple[Sequence[str], Sequence[str | None]] | None


def write(path: Path, contents: Contents, customers: SortedIds, products: SortedIds) -> None:
    """Writes the ids of all kinds, with the names and categories of products.

    Raises:
        InputError: they are so long that `read` would refuse the file.
    """
    actions, touchpoints = contents.action_names, contents.touchpoints.names
    tables = [
        _table(customers, strand=_taken(contents.customers.strands, customers.rows)),
        _table(
            products,
            name=_taken(contents.products.names, products.rows),
            category=_taken(contents.products.categories, products.rows),
        ),
        _table(SortedIds("touchpoint", strings(touchpoints), np.arange(len(touchpoints)))),
        _table(SortedIds("action", strings(actions), np.arange(len(actions)))),
    ]
    typed = [customers, products]
    if contents.offers is not None:
        offers = SortedIds.build("offer", contents.offers.ids, np.arange(len(contents.offers)))
        tables.append(_table(offers, name=_taken(contents.offers.variants, offers.rows)))
        typed.append(offers)
    if contents.features is not None:
        tables.append(_feature_table(contents.features))
    types = {ids.kind: _type_of(ids) for ids in typed}
    table = pa.concat_tables(tables).replace_schema_metadata({"id_types": json.dumps(types)})
    if table.nbytes > ids_checks.allowed_bytes(table.num_rows):
        raise InputError(
            f"contents: ids, names and categories take {table.nbytes / len(table):,.0f} bytes a "
            f"line, at most {ids_checks.BYTES_A_LINE:,} are allowed; shorten the names"
        )
    pq.write_table(table, path, compression="zstd")


def read(raw: Content, counts: Mapping[str, int]) -> StoredIds:
    """Everything that the file holds.

    Args:
        raw: the file.
        counts: of the manifest, with which the file is compared before it is unpacked.

    Raises:
        ValueError: the file holds something else, or would take far more memory than ids do.
    """
    stored = _unpacked(ids_checks.bounded_table(raw, counts), counts)
    # The table is freed only now: return its memory to the system, not to the allocator's pool.
    pa.default_memory_pool().release_unused()
    return stored


def _unpacked(table: pa.Table, counts: Mapping[str, int]) -> StoredIds:
    types = json.loads(table.schema.metadata[b"id_types"])
    parts = {kind: _part(table, kind) for kind in _KINDS}
    ids_checks.require_counted(parts, table.num_rows, counts)
    for kind in ("touchpoint", "action", "feature"):
        ids_checks.require_in_order(kind, parts[kind])
    customers = _sorted_ids("customer", parts["customer"], types)
    products = _sorted_ids("product", parts["product"], types)
    strands, terms = parts["customer"]["strand"], parts["feature"]
    has_strands = not strands.null_count
    ids_checks.require_ascending(customers, strands if has_strands else None)
    ids_checks.require_ascending(products, None)
    return StoredIds(
        customers=customers,
        products=products,
        strands=by_row(numbers(strands, np.int64), customers.rows) if has_strands else None,
        product_names=_texts_by_row(parts["product"]["name"], products.rows),
        product_categories=_texts_by_row(parts["product"]["category"], products.rows),
        touchpoints=parts["touchpoint"]["id"].to_pylist(),
        actions=parts["action"]["id"].to_pylist(),
        offers=_offers(parts["offer"], types) if len(parts["offer"]) else None,
        features=(terms["name"].to_pylist(), terms["category"].to_pylist()) if len(terms) else None,
    )


def _offers(
    part: pa.Table, types: Mapping[str, str]
) -> tuple[IdArray, Sequence[str | None] | None]:
    offers = _sorted_ids("offer", part, types)
    ids_checks.require_ascending(offers, part["row"])
    return offers.by_row(), _texts_by_row(part["name"], offers.rows)


def _table(
    ids: SortedIds,
    strand: IdArray | None = None,
    name: IdArray | None = None,
    category: IdArray | None = None,
) -> pa.Table:
    count = len(ids.ids)

    def column(values: IdArray | None, kind: pa.DataType) -> pa.Array:
        return pa.nulls(count, kind) if values is None else pa.array(values, kind)

    # Arrow casts its own numbers to text, not those of NumPy.
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


def _feature_table(features: ProductFeatures) -> pa.Table:
    columns, values = features.columns, features.values
    pairs = zip(columns, values, strict=True)
    names = [column if value is None else f"{column}={value}" for column, value in pairs]
    ids = SortedIds("feature", strings(names), np.arange(len(names)))
    return _table(ids, name=_taken(columns, ids.rows), category=_taken(values, ids.rows))


def _part(table: pa.Table, kind: str) -> pa.Table:
    is_kind = pc.equal(table["kind"], strings([kind])[0])
    lines = np.flatnonzero(numbers(is_kind, np.uint8))
    if len(lines) and lines[-1] - lines[0] + 1 != len(lines):
        raise ValueError(f"the {kind} ids are not in consecutive lines")
    return table.slice(lines[0] if len(lines) else 0, len(lines))


def _sorted_ids(kind: str, part: pa.Table, types: Mapping[str, str]) -> SortedIds:
    chunks = part["id"].chunks
    texts = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    ids = numbers(texts.cast(pa.int64()), np.int64) if types[kind] == "int64" else texts
    rows = numbers(part["row"], np.int32)
    is_uuid = types[kind] == "uuid"
    ids_checks.require_rows(kind, rows)
    if is_uuid:
        ids_checks.require_uuids(kind, ids)
    return SortedIds(kind, ids, rows, is_uuid)


def _type_of(ids: SortedIds) -> str:
    if isinstance(ids.ids, np.ndarray):
        return "int64"
    return "uuid" if ids.is_uuid else "str"


def _taken(values: Sequence[Any] | IdArray | None, rows: IntArray) -> IdArray | None:
    if values is None:
        return None
    if isinstance(values, np.ndarray):
        return values[rows]
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return np.asarray(array[rows])


def _texts_by_row(column: pa.ChunkedArray, rows: IntArray) -> list[str | None] | None:
    if column.null_count == len(rows):
        return None
    texts = np.empty(len(rows), dtype=object)
    texts[rows] = column.to_pylist()
    return list(texts)
