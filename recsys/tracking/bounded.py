"""Files out of a store, read within bounds: others wrote them, by accident or on purpose.

A few hundred bytes of YAML can stand for gigabytes, and a Parquet file of a few kilobytes for a
billion rows. What is larger than any run of ours makes is refused in one line, before it is read.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from recsys.errors import InputError
from recsys.ops.parquet_bounds import text_bytes

LARGEST = {"config.yaml": 1 << 18, "metrics.json": 1 << 25}
"""Bytes of a document."""

TABLE_BYTES = 1 << 31
TABLE_ROWS = 20_000_000
TABLE_CELLS = 1 << 28
TEXT_BYTES = 1 << 30
"""Of all ids of a table together."""

_ID = "customer_id"


class _Loader(yaml.SafeLoader):
    """Refuses aliases, by which a short text stands for a long one; ours has none."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has an alias")
        return super().compose_node(parent, index)


def yaml_mapping(name: str, text: str) -> dict[str, Any]:
    """The content of a YAML file `name`.

    Raises:
        InputError: it has an alias, is no YAML, or no mapping.
    """
    try:
        found = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{name} is no YAML that a run makes: {_line(error)}") from None
    return _mapping(name, found)


def json_mapping(name: str, text: str) -> dict[str, Any]:
    """The content of a JSON file `name`.

    Raises:
        InputError: it is no JSON, or no mapping.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON that a run makes: {_line(error)}") from None
    return _mapping(name, found)


def _mapping(name: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise InputError(f"{name}: expected a mapping, got a {type(found).__name__}")
    return found


def read_per_query(path: Path) -> pd.DataFrame:
    """A table of one row a query: customer ids as text or whole numbers, all else numbers.

    Raises:
        InputError: it is too large, holds something else, or is no Parquet.
    """
    _require_file(path, TABLE_BYTES)
    try:
        # Read as a dictionary, an id that stands in a billion rows is in memory once.
        names = pq.read_schema(path).names
        file = pq.ParquetFile(path, read_dictionary=[_ID] if _ID in names else None)
        _require_shape(path, file)
        table = file.read()
        frame: pd.DataFrame = _with_plain_ids(path, table).to_pandas()
        return frame
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise InputError(f"{path.name} cannot be read: {_line(error)}") from None


def _require_shape(path: Path, file: pq.ParquetFile) -> None:
    about, schema = file.metadata, file.schema_arrow
    if about.num_rows > TABLE_ROWS or about.num_rows * about.num_columns > TABLE_CELLS:
        raise InputError(
            f"{path.name} says it has {about.num_rows:,} rows of {about.num_columns:,} columns; "
            f"expected at most {TABLE_ROWS:,} rows and {TABLE_CELLS:,} values"
        )
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not is_number and not (is_text and field.name == _ID):
            raise InputError(f"{path.name}: {field.name[:80]}: expected numbers, got {field.type}")
    if len(set(schema.names)) != len(schema.names):
        raise InputError(f"{path.name}: a column appears twice")


def _with_plain_ids(path: Path, table: pa.Table) -> pa.Table:
    if _ID not in table.column_names:
        return table
    ids, place = table.column(_ID), table.column_names.index(_ID)
    if ids.null_count:
        raise InputError(f"{path.name}: {_ID} has {ids.null_count:,} empty cells")
    if not pa.types.is_dictionary(ids.type):
        return table
    if text_bytes(ids) > TEXT_BYTES:
        raise InputError(f"{path.name}: {_ID} takes more than {TEXT_BYTES:,} bytes")
    return table.set_column(place, _ID, ids.cast(ids.type.value_type))


def read_text(path: Path) -> str:
    """The text of a document, of a name of `LARGEST`.

    Raises:
        InputError: it is too large, or no text.
    """
    _require_file(path, LARGEST[path.name])
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {_line(error)}") from None


def _require_file(path: Path, most: int) -> None:
    # A pipe would be waited on for ever.
    if not path.is_file():
        raise InputError(f"{path.name} is no file")
    require_size(path.name, path.stat().st_size, most)


def require_size(name: str, size: int | None, most: int) -> None:
    """Raises `InputError` where a file of this size, in bytes, is larger than it may be."""
    if size is not None and size > most:
        raise InputError(f"{name} has {size:,} bytes; expected at most {most:,}")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
