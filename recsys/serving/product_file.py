"""Reading new products from a table of products, Parquet or CSV."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from recsys.errors import InputError
from recsys.ops import parquet_bounds
from recsys.ops.shown_text import shown
from recsys.serving.artifact.new_product import CATEGORY, NewProduct
from recsys.serving.artifact.new_products import features_of
from recsys.serving.artifact.times import seconds
from recsys.serving.query.artifact import Artifact

ID, NAME = "product_id", "name"
DATES = ("valid_from", "valid_to")
_ROWS, _BYTES = 20_000_000, 2**30
"""Limits of a table of products, checked by its metadata before it is read."""


def new_products(path: Path, artifact: Artifact) -> list[NewProduct]:
    """The products of a table that the artifact does not know, in the order of the table.

    Products that the artifact knows, and other columns, are ignored, so that the complete table of
    a firm's products can be given every day.

    Args:
        path: with the column product_id and, where they exist, name, category, valid_from, valid_to
            (in UTC where they have no zone), and the columns of the artifact's features.
        artifact: the artifact to extend.

    Raises:
        InputError: the file cannot be read, is too large, has no product_id or an empty one, or the
            artifact keeps no features.
    """
    features = features_of(artifact.contents)
    is_text = {column: None not in terms for column, terms in features.terms.items()}
    table = _read(path, is_text)
    ids = table[ID].to_pylist()
    if None in ids:
        raise InputError(
            f"products={path}: row {ids.index(None) + 1}, column {ID}: expected an id, got nothing"
        )
    starts, ends = artifact.products.find(ids)
    new = np.flatnonzero(starts == ends)
    lines = table.take(pa.array(new)).to_pylist()
    return [
        _product(path, int(row) + 1, line, is_text) for row, line in zip(new, lines, strict=True)
    ]


def _read(path: Path, is_text: Mapping[str, bool]) -> pa.Table:
    """The columns that are used, of a table that is not too large."""
    if not path.is_file() and path.exists():
        raise InputError(f"products={path}: expected a file, and this is a folder, pipe or device")
    try:
        return _of_csv(path, is_text) if path.suffix == ".csv" else _of_parquet(path, is_text)
    except InputError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        why = (str(error).splitlines() or ["it is damaged"])[0]
        raise InputError(f"products={path} cannot be read as Parquet or .csv: {why}") from None


def _of_csv(path: Path, is_text: Mapping[str, bool]) -> pa.Table:
    _require_size(path, 0, path.stat().st_size)
    # Types of text columns are given, because "007" would be read as a number.
    texts = [ID, NAME, CATEGORY, *(column for column, holds in is_text.items() if holds)]
    kinds = dict.fromkeys(texts, pa.string())
    options = csv.ConvertOptions(column_types=kinds, strings_can_be_null=True)
    table = csv.read_csv(path, convert_options=options)
    return table.select(_used(path, table.column_names, is_text))


def _of_parquet(path: Path, is_text: Mapping[str, bool]) -> pa.Table:
    # pq.read_table would import pandas where it is installed.
    file = pq.ParquetFile(path)
    footer, names = file.metadata, _used(path, file.schema_arrow.names, is_text)
    _require_size(path, footer.num_rows, parquet_bounds.declared(footer)[1])
    # Keep texts in their dictionary: one long text may appear in every line.
    texts = parquet_bounds.texts_of(file.schema_arrow, names)
    table = pq.ParquetFile(path, read_dictionary=texts).read(columns=names)
    unpacked = sum(parquet_bounds.text_bytes(table[name]) for name in texts)
    _require_size(path, footer.num_rows, unpacked)
    return table


def _used(path: Path, names: Iterable[str], is_text: Mapping[str, bool]) -> list[str]:
    present, used = list(names), dict.fromkeys((ID, NAME, CATEGORY, *DATES, *is_text))
    if ID not in present:
        few = f"{', '.join(present[:20])}{' ...' if len(present) > 20 else ''}"
        raise InputError(f"products={path}: expected a column {ID}, got {few}")
    for name in used:
        if present.count(name) > 1:
            raise InputError(f"products={path}: column {name} appears twice")
    return [name for name in used if name in present]


def _require_size(path: Path, rows: int, size: int) -> None:
    if rows > _ROWS or size > _BYTES:
        raise InputError(
            f"products={path}: {rows:,} rows, {size:,} bytes once unpacked; at most {_ROWS:,} and "
            f"{_BYTES:,} are read"
        )


def _product(
    path: Path, row: int, line: Mapping[str, Any], is_text: Mapping[str, bool]
) -> NewProduct:
    dates = {name: _moment(path, row, name, line.get(name)) for name in DATES}
    return NewProduct(
        product_id=line[ID],
        features={column: line[column] for column in is_text if column in line},
        name=line.get(NAME),
        category=line.get(CATEGORY),
        **dates,
    )


def _moment(path: Path, row: int, name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    try:
        return seconds(name, value)
    except InputError:
        raise InputError(
            f"products={path}: row {row}, column {name}: expected a date such as 2026-03-01, got "
            f"{shown(value)}"
        ) from None
