"""Where the public data lie, for tests marked `realdata`."""

import os
from pathlib import Path

import pytest


def published(name: str) -> str:
    """The folder of a data set; skips the test where it is absent."""
    beside = Path(__file__).parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("RECSYS_DATA", str(beside))) / name
    if not folder.is_dir():
        pytest.skip(f"no {name} in {folder.parent}; set RECSYS_DATA to the folder that holds it")
    return str(folder)
