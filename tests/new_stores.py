"""New MLflow stores as copies of one: to migrate a database takes a second and many writes."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

Fill = Callable[[Path], object]
"""Makes the tables of a new store."""


def copies_of(first: Path, migrate: Fill) -> Fill:
    """What fills a store as `migrate` does, but calls it once only and keeps what it made."""

    def fill(path: Path) -> None:
        if first.exists():
            shutil.copyfile(first, path)
            return
        migrate(path)
        written = first.with_name(f"{first.name}.{os.getpid()}")
        shutil.copyfile(path, written)
        written.replace(first)

    return fill
