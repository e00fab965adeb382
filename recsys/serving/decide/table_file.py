"""Tables that are given to a decision as files."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.dataset as ds

from recsys.errors import InputError


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
