"""Writing a market to a folder: part by part, and all or nothing."""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from recsys.data.tables import Tables
from recsys.errors import InputError


def write_partitions(
    folder: Path, parts: Iterator[Tables], count: int, shared: Mapping[str, pd.DataFrame]
) -> dict[str, int]:
    """Writes Parquet beside the folder, then renames it into place.

    Args:
        folder: does not exist yet or is empty.
        parts: what is written as `TABLE/part-00000.parquet` and so on.
        count: how many parts there are, for the progress bar.
        shared: what is written once as `TABLE.parquet`.

    Returns:
        Rows of each table.

    Raises:
        InputError: the folder is not empty, is a file, or cannot be made.
    """
    _check_free(folder)
    beside = _beside(folder)
    try:
        rows = {name: len(table) for name, table in shared.items()}
        for name, table in shared.items():
            table.to_parquet(beside / f"{name}.parquet", index=False)
        # Silent where nobody watches: a progress bar belongs to a terminal.
        for number, part in enumerate(tqdm(parts, total=count, unit="part", disable=None)):
            for name, table in part.items():
                (beside / name).mkdir(exist_ok=True)
                table.to_parquet(beside / name / f"part-{number:05d}.parquet", index=False)
                rows[name] = rows.get(name, 0) + len(table)
        beside.replace(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return rows


def _beside(folder: Path) -> Path:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # tempfile would make one for the owner alone, whatever the umask says.
        beside = folder.parent / f".{folder.name}-{secrets.token_hex(8)}"
        beside.mkdir()
        return beside
    except OSError as error:
        raise InputError(f"cannot write to {folder.parent}: {error.strerror}") from None


def _check_free(folder: Path) -> None:
    if folder.is_dir():
        if any(folder.iterdir()):
            raise InputError(f"folder {folder} is not empty: name a new one, or empty it first")
    elif folder.exists():
        raise InputError(f"{folder} is a file: name a folder that does not exist yet")
