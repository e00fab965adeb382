"""Files with a row a customer that commands are given: lists of seeds, former clusters."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from recsys.data import columns
from recsys.data.kinds import Kind, kind_of
from recsys.data.sources.csv_file import read_csv
from recsys.data.sources.parquet import read_parquet
from recsys.errors import InputError

_ENDINGS = (".csv", ".parquet")


def read_list(key: str, path: Path, needed: Sequence[str]) -> pd.DataFrame:
    """A table in a .csv or .parquet file.

    Args:
        key: of the command, for messages.
        path: of the file.
        needed: columns that it must have.

    Raises:
        InputError: there is no such file, it cannot be read, or lacks a column.
    """
    if path.suffix not in _ENDINGS:
        raise InputError(f"{key}={path}: expected a name that ends in {' or '.join(_ENDINGS)}")
    if not path.is_file():
        raise InputError(f"{key}={path}: expected a file, and there is none")
    try:
        table = read_csv(path, _kind) if path.suffix == ".csv" else read_parquet(path)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None
    for name in needed:
        if name not in table:
            raise InputError(
                f"{key}={path}: expected a column '{name}', got "
                f"{', '.join(map(str, table.columns)) or 'none'}; rename it"
            )
    return table


def _kind(name: str) -> Kind:
    known = name in (columns.CUSTOMER, columns.TIMESTAMP)
    return kind_of("interactions", name) if known else "text"
