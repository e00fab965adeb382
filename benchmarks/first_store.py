"""A new store of MLflow: waiting for the disk once, and after each of its steps as by itself."""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from benchmarks.suite import require_at_least, run_folder, seconds_in_turn
from recsys.tracking import sqlite_file
from recsys.tracking.store import TrackConfig, open_store


class FirstStoreSuite:
    """Makes new stores in the run's folder, in turn in both ways.

    Args:
        repeats: of each.
    """

    def __init__(self, *, repeats: int = 3) -> None:
        require_at_least(1, repeats=repeats)
        self.repeats = repeats

    def figures(self) -> Mapping[str, float]:
        """Median seconds of both ways, and by how much one is faster."""
        run_folder().mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=run_folder()) as folder:
            # MLflow itself is imported once.
            _make(Path(folder))
            once, each = seconds_in_turn(
                self.repeats, lambda: _make(Path(folder)), lambda: _make_waiting(Path(folder))
            )
        return {"seconds": once, "seconds_waiting": each, "speedup": each / once}


def _make(folder: Path) -> None:
    with TemporaryDirectory(dir=folder) as new:
        open_store(TrackConfig(uri=f"sqlite:///{new}/mlflow.db"))


def _make_waiting(folder: Path) -> None:
    def waiting(_: Path) -> Any:
        return nullcontext()

    with patch.object(sqlite_file, "_without_waiting", waiting):
        _make(folder)
