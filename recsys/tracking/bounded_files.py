"""Reads files of a store within limits, because others may have written them.

A few hundred bytes of YAML can expand to gigabytes, and a Parquet file of a few kilobytes to a
billion rows. A file that is larger than any run writes is refused before it is read.
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
"""Name of a document -> most bytes."""

TABLE_BYTES = 1 << 31
TABLE_ROWS = 20_000_000
TABLE_CELLS = 1 << 28
TEXT_BYTES = 1 << 30
"""Most bytes of all ids of a table together."""

_ID = "customer_id"


class _Loader(yaml.SafeLoader):
    """Refuses aliases, which let a short text expand to a long one; runs write none."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has an alias")
        return super().compose_node(parent, index)


def yaml_mapping(name: str, text: str) -> dict[str, Any]:
    """Parses a YAML file that holds a mapping.

    Args:
        name: of the file, for messages.
        text: its content.

    Raises:
        InputError: it has an alias, is no YAML, or no mapping.
    """
    try:
        document = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{name} is no YAML that a run writes: {_line(error)}") from None
    return _mapping(name, document)


def json_mapping(name: str, text: str) -> dict[str, Any]:
    """Parses a JSON file that holds a mapping.

    Args:
        name: of the file, for messages.
        text: its content.

    Raises:
        InputError: it is no JSON, or no mapping.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON that a run writes: {_line(error)}") from None
    return _mapping(name, document)


def _mapping(name: str, document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InputError(f"{name}: expected a mapping, got a {type(document).__name__}")
    return document


def read_per_query(path: Path) -> pd.DataFrame:
    """Reads a table of one row per query.

    Args:
        path: of the Parquet file. `customer_id` holds texts or whole numbers, all other columns
            hold numbers.

    Raises:
        InputError: it is too large, has other types, or is no Parquet.
    """
    _require_file(path, TABLE_BYTES)
    try:
        # Read as a dictionary, an id of a billion rows is in memory once.
        names = pq.read_schema(path).names
        file = pq.ParquetFile(path, read_dictionary=[_ID] if _ID in names else None)
        _require_shape(path, file)
        table = file.read()
        frame: pd.DataFrame = _with_plain_ids(path, table).to_pandas()
        return frame
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise InputError(f"{path.name} cannot be read: {_line(error)}") from None


def _require_shape(path: Path, file: pq.ParquetFile) -> None:
    metadata, schema = file.metadata, file.schema_arrow
    rows, columns = metadata.num_rows, metadata.num_columns
    if rows > TABLE_ROWS or rows * columns > TABLE_CELLS:
        raise InputError(
            f"{path.name} says it has {rows:,} rows of {columns:,} columns; "
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
    ids = table.column(_ID)
    if ids.null_count:
        raise InputError(f"{path.name}: {_ID} has {ids.null_count:,} empty cells")
    if not pa.types.is_dictionary(ids.type):
        return table
    if text_bytes(ids) > TEXT_BYTES:
        raise InputError(f"{path.name}: {_ID} takes more than {TEXT_BYTES:,} bytes")
    return table.set_column(table.column_names.index(_ID), _ID, ids.cast(ids.type.value_type))


def read_text(path: Path) -> str:
    """Reads a document.

    Args:
        path: of a file whose name is in `LARGEST`.

    Raises:
        InputError: it is too large, or no UTF-8.
    """
    _require_file(path, LARGEST[path.name])
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {_line(error)}") from None


def _require_file(path: Path, limit: int) -> None:
    # Reading a pipe would wait for ever.
    if not path.is_file():
        raise InputError(f"{path.name} is no file")
    require_size(path.name, path.stat().st_size, limit)


def require_size(name: str, size: int | None, limit: int) -> None:
    """Raises `InputError` where a file is larger than a limit.

    Args:
        name: of the file, for the message.
        size: in bytes; None where it is not known, which is accepted.
        limit: in bytes.
    """
    if size is not None and size > limit:
        raise InputError(f"{name} has {size:,} bytes; expected at most {limit:,}")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
