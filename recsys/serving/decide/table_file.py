"""Tables that are given to a decision as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.dataset as ds

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.serving.artifact.ids import SortedIds


def read_table(key: str, path: Path, texts: Sequence[str]) -> pa.Table:
    """A Parquet or CSV file, or a folder of Parquet files.

    Args:
        key: of the command, for messages.
        path: of the file.
        texts: columns that a CSV file has as texts, whatever they look like.

    Raises:
        InputError: it cannot be read.
    """
    refused = f"{key}={path} cannot be read: "
    try:
        if path.suffix == ".csv":
            return csv.read_csv(path, convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(texts, pa.string()), strings_can_be_null=True,
            ))  # fmt: skip
        if not path.exists():
            raise InputError(f"{refused}there is no such file; give a Parquet or CSV file")
        return ds.dataset(path, format="parquet").to_table()
    except (OSError, pa.ArrowException) as error:
        line = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise InputError(
            f"{refused}expected a file of Parquet, one of CSV whose name ends in .csv, or a folder "
            f"of Parquet files ({line})"
        ) from None


def require_columns(key: str, path: Path, table: pa.Table, needed: Sequence[str]) -> None:
    """Raises `InputError` unless the table has these columns."""
    for name in needed:
        if name not in table.column_names:
            raise InputError(
                f"{key}={path}: column '{name}' is missing; it has {', '.join(table.column_names)}"
            )


def require_values(key: str, path: Path, table: pa.Table, needed: Sequence[str]) -> None:
    """Raises `InputError` where one of these columns has an empty cell."""
    for name in needed:
        if table[name].null_count:
            row = pc.index(pc.is_null(table[name]), True).as_py()
            raise InputError(
                f"{key}={path}: row {row}, column '{name}': expected a value, got none; fill it in "
                "or drop the row"
            )


def customer_rows(
    key: str, path: Path, table: pa.Table, customers: SortedIds, like: Any, what: str
) -> IntArray:
    """[n] row of the customer of each line, the first of several; -1 where unknown.

    Args:
        key: of the command, for messages.
        path: of the file, for messages.
        table: with the column `customer_id`, without an empty cell.
        customers: ids of the artifact.
        like: one of them, for messages.
        what: to give instead, for messages.

    Raises:
        InputError: all customers are unknown.
    """
    ids = table["customer_id"]
    rows = customers.first_rows(ids.to_pylist())
    if len(rows) and (rows < 0).all():
        raise InputError(
            f"{key}={path}: the artifact knows none of its customers, such as "
            f"{shown(ids[0].as_py())}; it has such as {shown(str(like))}; give {what} of the same "
            "customers"
        )
    return rows
