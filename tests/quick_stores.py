"""SQLite stores of MLflow and Optuna for tests: soon made, and without waiting for the disk."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, event

from recsys.tracking import store

Fill = Callable[[Path], object]
"""Makes the tables of a new store."""


@contextmanager
def quick_stores(first: Path) -> Iterator[None]:
    """Migrates one store, of which `first` keeps a copy; all later ones are copies of that.

    What is committed is safe from a killed process as ever, but not from a power failure.
    """
    migrate = store._fill
    event.listen(Engine, "connect", _without_waiting)
    store._fill = _copies_of(first, migrate)  # type: ignore[assignment]
    try:
        yield
    finally:
        store._fill = migrate
        event.remove(Engine, "connect", _without_waiting)


def _copies_of(first: Path, migrate: Fill) -> Fill:
    def fill(path: Path) -> None:
        if first.exists():
            shutil.copyfile(first, path)
            return
        migrate(path)
        written = first.with_name(f"{first.name}.{os.getpid()}")
        shutil.copyfile(path, written)
        written.replace(first)

    return fill


def _without_waiting(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")
