"""Finished rows on disk, so that a suite which was stopped goes on."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from benchmarks.kept_rows import note, require_same
from recsys.ops.whole_file import write_whole

Row: TypeAlias = Mapping[str, Any]
"""Name -> [n] array."""

_NAME = "row.npz"


def kept(folder: Path, made_of: Mapping[str, Any], compute: Callable[[], Row]) -> Row:
    """A row that lies in a folder, or is computed and put there.

    Args:
        folder: of this row.
        made_of: its inputs; a row of other inputs is refused.
        compute: the row.
    """
    path = folder / _NAME
    if path.exists():
        require_same(folder, made_of)
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    note(folder, made_of)
    row, content = compute(), BytesIO()
    np.savez(content, **row)
    write_whole(path, content.getvalue())
    return row
