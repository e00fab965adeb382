"""A table of products, Parquet or CSV, as products that an artifact does not know yet."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from recsys.errors import InputError
from recsys.serve.new_products import CATEGORY, NewProduct, features_of
from recsys.serve.recommend import Artifact

ID, NAME = "product_id", "name"
DATES = ("valid_from", "valid_to")


def new_products(path: Path, artifact: Artifact) -> list[NewProduct]:
    """The products of a table that the artifact does not know, in the order of the table.

    Columns: product_id; where there are any name, category, valid_from, valid_to (UTC where no zone
    is said), and those that the artifact's features come from. Others are left alone, so that the
    whole table of a firm's products will do, day after day.

    Raises:
        InputError: the file cannot be read, has no product_id or an empty one, or the artifact
            keeps no features.
    """
    features = features_of(artifact.contents)
    is_text = {column: None not in terms for column, terms in features.places.items()}
    table = _read(path, is_text)
    if ID not in table.column_names:
        raise InputError(
            f"products={path}: expected a column {ID}, got {', '.join(table.column_names)}"
        )
    wanted = [name for name in (ID, NAME, CATEGORY, *DATES, *is_text) if name in table.column_names]
    lines = table.select(list(dict.fromkeys(wanted))).to_pylist()
    empty = next((place for place, line in enumerate(lines, start=1) if line[ID] is None), None)
    if empty is not None:
        raise InputError(f"products={path}: row {empty}, column {ID}: expected an id, got nothing")
    starts, ends = artifact.products.find([line[ID] for line in lines])
    return [
        _product(path, place, line, is_text)
        for place, (line, start, end) in enumerate(zip(lines, starts, ends, strict=True), start=1)
        if start == end
    ]


def _read(path: Path, is_text: Mapping[str, bool]) -> pa.Table:
    try:
        if path.suffix == ".csv":
            # Nothing is guessed of what is text: "007" is no number.
            texts = [ID, NAME, CATEGORY, *(column for column, holds in is_text.items() if holds)]
            kinds = dict.fromkeys(texts, pa.string())
            options = csv.ConvertOptions(column_types=kinds, strings_can_be_null=True)
            return csv.read_csv(path, convert_options=options)
        # pq.read_table would import pandas where it is installed.
        return pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        said = str(error).splitlines()[0]
        raise InputError(f"products={path} cannot be read as Parquet or .csv: {said}") from None


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


def _moment(path: Path, place: int, name: str, value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise InputError(
            f"products={path}: row {place}, column {name}: expected a date such as 2026-03-01, got "
            f"{value!r}"
        )
    return value if value.tzinfo else value.replace(tzinfo=UTC)
