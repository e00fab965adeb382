"""The inputs of a stored result, so that it is not used for other inputs."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_NAME = "made_of.json"
_CHUNK = 1 << 20


def note(folder: Path, made_of: Mapping[str, Any]) -> None:
    """Writes the inputs of the result that is about to be computed in a folder."""
    write_whole(folder / _NAME, json.dumps(made_of, indent=2, sort_keys=True) + "\n")


def require_same(folder: Path, made_of: Mapping[str, Any]) -> None:
    """Refuses a stored result that was computed from other inputs.

    Raises:
        InputError: names the folder and what differs.
    """
    try:
        kept = json.loads((folder / _NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = None
    # JSON turns tuples into lists.
    wanted = json.loads(json.dumps(made_of))
    if kept == wanted:
        return
    differs = "what it was made of is not known"
    if isinstance(kept, dict):
        keys = [key for key in wanted if kept.get(key) != wanted[key]]
        differs = f"it was made with other {', '.join(keys) or 'settings'}"
    raise InputError(
        f"{folder} holds a finished result, and {differs}; remove it, or name another folder"
    )


@cache
def files_digest(folder: Path) -> str:
    """SHA-256 of all files of a folder, their names and contents."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(repr((str(path.relative_to(folder)), path.stat().st_size)).encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()
