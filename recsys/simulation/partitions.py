"""Writes a market to a folder, part by part; a killed write goes on after its last part."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.locks import lock
from recsys.ops.whole_file import reason, sync
from recsys.ops.work_folder import part_file, work_folder

MARKET = ".simulated.json"
"""File of a complete market: what it was made of, and the rows of its tables."""


def write_partitions(
    folder: Path,
    about: Mapping[str, Any],
    part: Callable[[int], Tables],
    count: int,
    shared: Mapping[str, pd.DataFrame],
) -> dict[str, int]:
    """Writes Parquet to a folder beside it, then renames that.

    Args:
        folder: does not exist, is empty, or holds the same market.
        about: all that the market depends on, plain.
        part: returns a part, which is written as `TABLE/part-00000.parquet` and so on.
        count: number of parts.
        shared: written as `TABLE.parquet`.

    Returns:
        Rows of each table.

    Raises:
        InputError: the folder holds something else, is a file, or cannot be written.
    """
    written = _written(folder, about)
    if written is not None:
        return written
    with work_folder(folder, json.dumps(about), "out") as draft:
        rows = {name: len(table) for name, table in shared.items()}
        for name, table in shared.items():
            _write(table, draft / f"{name}.parquet", folder)
        # The progress bar is shown only in a terminal.
        for number in tqdm(range(count), unit="part", disable=None):
            for name, length in _part(draft, number, part, folder).items():
                rows[name] = rows.get(name, 0) + length
        with part_file(draft / MARKET, folder, "out") as file:
            file.write(json.dumps({"market": about, "rows": rows}).encode())
        try:
            with lock(folder.parent):
                # Another process may have filled it in the meantime.
                if _written(folder, about) is None:
                    _put(draft, folder)
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {reason(error)}") from None
    return rows


def _part(draft: Path, number: int, part: Callable[[int], Tables], folder: Path) -> dict[str, int]:
    """Rows of the tables of a part, which is written unless a killed write has finished it."""
    path = draft / f".part-{number:05d}.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    rows = {}
    for name, table in part(number).items():
        _write(table, draft / name / f"part-{number:05d}.parquet", folder)
        rows[name] = len(table)
    with part_file(path, folder, "out") as file:
        file.write(json.dumps(rows).encode())
    return rows


def _write(table: pd.DataFrame, path: Path, folder: Path) -> None:
    with part_file(path, folder, "out") as file:
        table.to_parquet(file, index=False)


def _put(draft: Path, folder: Path) -> None:
    for done in draft.glob(".part-*.json"):
        done.unlink()
    if folder.exists():
        folder.rmdir()
    draft.rename(folder)
    sync(folder.parent)


def _written(folder: Path, about: Mapping[str, Any]) -> dict[str, int] | None:
    """Rows of the same market, where the folder holds it; None where it is free.

    Raises:
        InputError: it holds something else, or is a file.
    """
    if folder.is_dir():
        if not any(folder.iterdir()):
            return None
        if (folder / MARKET).is_file():
            document = json.loads((folder / MARKET).read_text())
            if document["market"] == about:
                return dict(document["rows"])
        raise InputError(f"folder {folder} is not empty: name a new one, or empty it first")
    if folder.exists():
        raise InputError(f"{folder} is a file: name a folder that does not exist yet")
    return None
