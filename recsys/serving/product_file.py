"""A table of products, Parquet or CSV, as products that an artifact does not know yet."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.serving.artifact.ids_file import text_bytes
from recsys.serving.artifact.new_products import CATEGORY, NewProduct, features_of
from recsys.serving.artifact.times import seconds
from recsys.serving.query.artifact import Artifact

ID, NAME = "product_id", "name"
DATES = ("valid_from", "valid_to")
_ROWS, _BYTES = 20_000_000, 2**30
"""What a table of products may hold at most, as it says itself before it is read."""


def new_products(path: Path, artifact: Artifact) -> list[NewProduct]:
    """The products of a table that the artifact does not know, in the order of the table.

    Columns: product_id; where there are any name, category, valid_from, valid_to (UTC where no zone
    is said), and those that the artifact's features come from. Others are left alone, so that the
    whole table of a firm's products will do, day after day.

    Raises:
        InputError: the file cannot be read, is too large, has no product_id or an empty one, or the
            artifact keeps no features.
    """
    features = features_of(artifact.contents)
    is_text = {column: None not in terms for column, terms in features.places.items()}
    table = _read(path, is_text)
    ids = table[ID].to_pylist()
    empty = next((place for place, one in enumerate(ids, start=1) if one is None), None)
    if empty is not None:
        raise InputError(f"products={path}: row {empty}, column {ID}: expected an id, got nothing")
    starts, ends = artifact.products.find(ids)
    new = np.flatnonzero(starts == ends)
    lines = table.take(pa.array(new)).to_pylist()
    return [
        _product(path, int(place) + 1, line, is_text)
        for place, line in zip(new, lines, strict=True)
    ]


def _read(path: Path, is_text: Mapping[str, bool]) -> pa.Table:
    """The columns that count, of a table that is not too large."""
    if not path.is_file() and path.exists():
        raise InputError(f"products={path}: expected a file, and this is a folder, pipe or device")
    try:
        return _of_csv(path, is_text) if path.suffix == ".csv" else _of_parquet(path, is_text)
    except InputError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        said = (str(error).splitlines() or ["it is damaged"])[0]
        raise InputError(f"products={path} cannot be read as Parquet or .csv: {said}") from None


def _of_csv(path: Path, is_text: Mapping[str, bool]) -> pa.Table:
    _require_size(path, 0, path.stat().st_size)
    # Nothing is guessed of what is text: "007" is no number, and no id either.
    texts = [ID, NAME, CATEGORY, *(column for column, holds in is_text.items() if holds)]
    kinds = dict.fromkeys(texts, pa.string())
    options = csv.ConvertOptions(column_types=kinds, strings_can_be_null=True)
    table = csv.read_csv(path, convert_options=options)
    return table.select(_wanted(path, table.column_names, is_text))


def _of_parquet(path: Path, is_text: Mapping[str, bool]) -> pa.Table:
    # pq.read_table would import pandas where it is installed.
    file = pq.ParquetFile(path)
    about, wanted = file.metadata, _wanted(path, file.schema_arrow.names, is_text)
    groups = [about.row_group(one) for one in range(about.num_row_groups)]
    _require_size(path, about.num_rows, sum(one.total_byte_size for one in groups))
    # Texts stay in their dictionary: one long text may stand in every line.
    texts = [name for name in wanted if _is_text(file.schema_arrow.field(name).type)]
    table = pq.ParquetFile(path, read_dictionary=texts).read(columns=wanted)
    spelled = sum(text_bytes(table[name]) for name in texts)
    _require_size(path, about.num_rows, spelled)
    return table


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary)
    return any(is_kind(plain) for is_kind in texts)


def _wanted(path: Path, names: Iterable[str], is_text: Mapping[str, bool]) -> list[str]:
    there = list(names)
    if ID not in there:
        few = f"{', '.join(there[:20])}{' ...' if len(there) > 20 else ''}"
        raise InputError(f"products={path}: expected a column {ID}, got {few}")
    for name in (ID, NAME, CATEGORY, *DATES, *is_text):
        if there.count(name) > 1:
            raise InputError(f"products={path}: column {name} appears twice")
    return list(
        dict.fromkeys(one for one in (ID, NAME, CATEGORY, *DATES, *is_text) if one in there)
    )


def _require_size(path: Path, rows: int, size: int) -> None:
    if rows > _ROWS or size > _BYTES:
        raise InputError(
            f"products={path}: {rows:,} rows, {size:,} bytes once unpacked; at most {_ROWS:,} and "
            f"{_BYTES:,} are read"
        )


def _product(
    path: Path, place: int, line: Mapping[str, Any], is_text: Mapping[str, bool]
) -> NewProduct:
    dates = {name: _moment(path, place, name, line.get(name)) for name in DATES}
    return NewProduct(
        product_id=line[ID],
        features={column: line[column] for column in is_text if column in line},
        name=line.get(NAME),
        category=line.get(CATEGORY),
        **dates,
    )


def _moment(path: Path, place: int, name: str, value: Any) -> int | None:
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
            f"products={path}: row {place}, column {name}: expected a date such as 2026-03-01, got "
            f"{shown(value)}"
        ) from None
