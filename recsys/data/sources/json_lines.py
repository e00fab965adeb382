"""Reads files with one JSON object per line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.data.cells import listed
from recsys.data.sources.folder import require_file
from recsys.errors import InputError
from recsys.ops.shown_text import shown


def read_json_lines(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    """The needed keys of all lines as columns; values keep their JSON types.

    pandas.read_json would turn ids that look like numbers into numbers.

    Args:
        path: of the file.
        needed: the keys, in the order of the columns.

    Raises:
        InputError: the file or a line cannot be read, or a line lacks a key; says which.
    """
    require_file(path)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as text: {error}") from None
    rows = [
        _row(f"{path.name}: line {number}", line, needed)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not rows:
        raise InputError(
            f"{path.name}: expected JSON objects, one per line, got none; is it complete?"
        )
    return pd.DataFrame(rows, columns=list(needed))


def _row(where: str, line: str, needed: Sequence[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):  # no JSON, or nested too deeply
        row = None
    if not isinstance(row, dict):
        raise InputError(f"{where}: expected a JSON object, got {shown(line)}; fix the line")
    missing = [key for key in needed if key not in row]
    if missing:
        raise InputError(
            f"{where}: expected key '{missing[0]}'; the line holds {listed(row) or 'none'}; is "
            "it the published file?"
        )
    return row
