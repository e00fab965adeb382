"""A file with one JSON object a line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.data.cells import listed
from recsys.data.sources.folder import require_file
from recsys.errors import InputError


def read_json_lines(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    """These keys of every line as columns, in this order; values stay as JSON has them.

    pandas.read_json would make numbers of ids that look like numbers.

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
        raise InputError(f"{path.name}: expected a JSON object a line, got none; is it whole?")
    return pd.DataFrame(rows, columns=list(needed))


def _row(where: str, line: str, needed: Sequence[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):  # no JSON, or lists in lists in lists
        row = None
    if not isinstance(row, dict):
        raise InputError(f"{where}: expected a JSON object, got {line[:40]!r}; mend the line")
    missing = [key for key in needed if key not in row]
    if missing:
        raise InputError(
            f"{where}: expected key '{missing[0]}'; the line holds {listed(row) or 'none'}; is "
            "it the published file?"
        )
    return row
