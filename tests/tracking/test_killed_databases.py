"""A kill in the middle of a write leaves a journal; the next process continues from before it."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from recsys.errors import InputError
from recsys.tracking.sqlite_file import check_database, refuse_foreign

KILLED_WRITER = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 1")  # so that pages reach the file before the end
database.execute("BEGIN")
database.executemany("INSERT INTO {table} VALUES (?)", [("lost" * 1000,)] * 200)
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(path: Path, table: str) -> Path:
    """A database with one row, and the journal of a writer that was killed over 200 more."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE {table} (name)")
        database.execute(f"INSERT INTO {table} VALUES ('kept')")
    writer = subprocess.run([sys.executable, "-c", KILLED_WRITER.format(table=table), path])
    assert writer.returncode == -signal.SIGKILL
    journal = path.with_name(f"{path.name}-journal")
    assert journal.stat().st_size > 0
    return journal


@pytest.mark.parametrize(("name", "table"), [("mlflow.db", "experiments"), ("tune.db", "studies")])
def test_what_a_kill_left_half_written_is_rolled_back(
    name: str, table: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    journal = killed(path, table)
    check_database(path)
    refuse_foreign(path, table, "track.uri")
    assert not journal.exists()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute(f"SELECT name FROM {table}").fetchall() == [("kept",)]


def test_a_journal_that_cannot_be_rolled_back_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mlflow.db"
    killed(path, "experiments")
    # The tests may run as root, to whom no file is read-only.
    opened = sqlite3.connect

    def read_only(address: str, **options: object) -> sqlite3.Connection:
        return opened(address.replace("mode=rw", "mode=ro"), **options)  # type: ignore[call-overload]

    monkeypatch.setattr(sqlite3, "connect", read_only)
    with pytest.raises(InputError, match=r"left mlflow.db-journal .* make both files and their"):
        refuse_foreign(path, "experiments", "track.uri")


def test_a_database_that_another_process_writes_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tune.db"
    monkeypatch.setattr("recsys.tracking.sqlite_file._PATIENCE", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE studies (name)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InputError, match="is in use by another process; try again"):
            refuse_foreign(path, "studies", "study.storage")
