"""Writes a market to a folder, part by part; a failed write leaves nothing behind."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.ops.whole_folder import replaced


def write_partitions(
    folder: Path, parts: Iterator[Tables], count: int, shared: Mapping[str, pd.DataFrame]
) -> dict[str, int]:
    """Writes Parquet to a temporary folder, then renames it.

    Args:
        folder: does not exist or is empty.
        parts: written as `TABLE/part-00000.parquet` and so on.
        count: number of parts, for the progress bar.
        shared: written as `TABLE.parquet`.

    Returns:
        Rows of each table.

    Raises:
        InputError: the folder is not empty, is a file, or cannot be written.
    """
    _check_free(folder)
    rows = {name: len(table) for name, table in shared.items()}
    try:
        with replaced(folder.absolute(), lambda: _check_free(folder)) as draft:
            for name, table in shared.items():
                table.to_parquet(draft / f"{name}.parquet", index=False)
            # The progress bar is shown only in a terminal.
            for number, part in enumerate(tqdm(parts, total=count, unit="part", disable=None)):
                for name, table in part.items():
                    (draft / name).mkdir(exist_ok=True)
                    table.to_parquet(draft / name / f"part-{number:05d}.parquet", index=False)
                    rows[name] = rows.get(name, 0) + len(table)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {reason(error)}") from None
    return rows


def _check_free(folder: Path) -> None:
    if folder.is_dir():
        if any(folder.iterdir()):
            raise InputError(f"folder {folder} is not empty: name a new one, or empty it first")
    elif folder.exists():
        raise InputError(f"{folder} is a file: name a folder that does not exist yet")
