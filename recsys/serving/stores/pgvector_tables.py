"""Writing an artifact's tables into PostgreSQL: COPY, indexes, and the swap with the old tables."""

import json
from typing import Any

from recsys.serving.artifact.contents import Contents
from recsys.serving.stores.tables import NAMES, facts, tables

PREFIX = "recsys_"
_INDEXED = 2000
"""The longest vectors that pgvector can index."""
_TYPES = {
    "customer_id": "{id}", "product_id": "{id}", "touchpoint": "text", "strand": "int8",
    "row": "int4", "vector": "vector", "consent": "text[]", "seen": "{seen}[]",
    "seen_until": "int8[]", "valid_from": "int8", "valid_to": "int8",
}  # fmt: skip


def swap_in(database: Any, contents: Contents) -> None:
    """Fills new tables, drops the old ones and renames the new ones, all in one transaction."""
    stored, dim = tables(contents), contents.dim
    types = {
        "id": _type_of(stored["customers"]["customer_id"]),
        "seen": _type_of(stored["products"]["product_id"]),
    }
    for name, table in stored.items():
        id_types = types | ({"id": types["seen"]} if name == "products" else {})
        _fill(database, f"{PREFIX}{name}_new", table, id_types, dim)
    _index(database, dim)
    about = json.dumps(facts(contents)).replace("'", "''")
    database.execute(f"COMMENT ON TABLE {PREFIX}customers_new IS '{about}'")
    # Readers lock in the same order, which prevents a deadlock.
    old = ", ".join(f"{PREFIX}{name}" for name in NAMES)
    database.execute(f"DROP TABLE IF EXISTS {old}")
    for name in NAMES:
        database.execute(f"ALTER TABLE {PREFIX}{name}_new RENAME TO {PREFIX}{name}")
    for key in ("customers_new_id", "products_new_id", "products_new_vector"):
        renamed = key.replace("_new", "")
        database.execute(f"ALTER INDEX IF EXISTS {PREFIX}{key} RENAME TO {PREFIX}{renamed}")


def as_vector(values: Any) -> Any:
    """Numbers [d] as a pgvector value; None stays None."""
    from pgvector import Vector

    return None if values is None else Vector(values)


def _fill(database: Any, name: str, table: Any, types: dict[str, str], dim: int) -> None:
    kinds = [_TYPES[column].format(**types) for column in table.column_names]
    columns = ", ".join(
        # An index needs the length.
        f"{column} {kind}" + (f"({dim})" if kind == "vector" else "")
        for column, kind in zip(table.column_names, kinds, strict=True)
    )
    database.execute(f"DROP TABLE IF EXISTS {name}")
    database.execute(f"CREATE TABLE {name} ({columns})")
    with (
        database.cursor() as cursor,
        cursor.copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(kinds)
        position = table.column_names.index("vector")
        for batch in table.to_batches(max_chunksize=10_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(
                    [as_vector(v) if column == position else v for column, v in enumerate(row)]
                )


def _index(database: Any, dim: int) -> None:
    new = f"{PREFIX}customers_new"
    database.execute(f"CREATE INDEX {new}_id ON {new} (customer_id)")
    new = f"{PREFIX}products_new"
    database.execute(f"CREATE UNIQUE INDEX {new}_id ON {new} (product_id)")
    if dim <= _INDEXED:
        database.execute(f"CREATE INDEX {new}_vector ON {new} USING hnsw (vector vector_ip_ops)")
    for name in NAMES:
        database.execute(f"ANALYZE {PREFIX}{name}_new")


def _type_of(column: Any) -> str:
    return "int8" if str(column.type) == "int64" else "text"
