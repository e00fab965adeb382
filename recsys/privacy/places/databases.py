"""MLflow's SQLite databases: runs about one customer, and ids in names, params, tags and notes."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote

from recsys.errors import InputError
from recsys.privacy.person import Person
from recsys.privacy.places.documents import FORGOTTEN
from recsys.privacy.places.place import Place
from recsys.tracking.sqlite_file import is_sqlite, locked

_TABLES = frozenset({"experiments", "runs", "params", "tags"})
_PATIENCE = 60.0
_RUNS = """
SELECT DISTINCT run_uuid, runs.artifact_uri FROM params JOIN runs USING (run_uuid)
WHERE params.key = 'customer' AND params.value IN ({})
"""


def is_of_mlflow(path: Path) -> bool:
    """Whether a file is a database that MLflow made."""
    if not is_sqlite(path):
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return {*_tables(database)} >= _TABLES
    except sqlite3.Error:
        return False


def forget(path: Path, person: Person, write_it: bool) -> int:
    """Removes the runs about a person, and writes `forgotten` over their ids elsewhere.

    What was there before is overwritten on the disk as well: pages are cleared, the file is made
    anew, and its journal is emptied.

    Raises:
        InputError: the database cannot be used.
    """
    try:
        with _connected(path) as database:
            folder = path.absolute().parent if write_it else None
            if write_it:
                database.execute("PRAGMA secure_delete = ON")
            database.execute("BEGIN IMMEDIATE" if write_it else "BEGIN")
            count = _remove_runs(database, person, folder) + _overwrite(database, person)
            database.execute("COMMIT" if write_it and count else "ROLLBACK")
            if write_it and count:
                database.execute("VACUUM")
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise InputError(f"{path} cannot be changed: {error}; close what uses it") from None
    return count


def _remove_runs(database: sqlite3.Connection, person: Person, folder: Path | None) -> int:
    """Removes runs about the person, and their folders where these lie below `folder`.

    Folders go first: after a kill between the two, the run still leads to what is left.
    """
    names = sorted(person.spellings)
    query = _RUNS.format(", ".join("?" * len(names)))
    runs = database.execute(query, names).fetchall()
    for run, uri in runs:
        files = None if folder is None else _folder_of(str(uri or ""), str(run), folder)
        if files is not None:
            shutil.rmtree(files, ignore_errors=True)
    for table in _tables(database):
        if "run_uuid" in _columns(database, table):
            database.executemany(
                f'DELETE FROM "{table}" WHERE run_uuid = ?', [(run,) for run, _ in runs]
            )
    return len(runs)


def _folder_of(uri: str, run: str, folder: Path) -> Path | None:
    """The folder of a run, if it lies below `folder` as MLflow lays it out."""
    scheme, is_uri, rest = uri.partition("://")
    path = Path(unquote(rest) if is_uri and scheme == "file" else uri).resolve()
    is_below = path.is_relative_to(folder.resolve())
    return path.parent if is_below and path.parts[-2:] == (run, "artifacts") else None


def _overwrite(database: sqlite3.Connection, person: Person) -> int:
    """Writes over ids in every cell of text; the number of cells."""
    count = 0
    database.create_function("cleared", 1, lambda text: _cleared(text, person), deterministic=True)
    for table in _tables(database):
        for column in _columns(database, table):
            name, of = f'"{column}"', f'"{table}"'
            changed = database.execute(
                f"UPDATE {of} SET {name} = cleared({name}) "
                f"WHERE typeof({name}) = 'text' AND cleared({name}) <> {name}"
            )
            count += changed.rowcount
    return count


def _cleared(text: str, person: Person) -> str:
    if text in person.distinctive:
        return FORGOTTEN
    return person.pattern.sub(FORGOTTEN, text)


def _tables(database: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [name for (name,) in database.execute(query)]


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    quoted = table.replace('"', '""')
    return [row[1] for row in database.execute(f'PRAGMA table_info("{quoted}")')]


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with (
        locked(path.absolute(), "track.uri"),
        closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)) as opened,
    ):
        yield opened


DATABASES = Place(
    name="MLflow databases",
    holds="runs about one customer (recsys customer log=true), which go, and ids in names, params, "
    f"tags and notes, which become '{FORGOTTEN}'; free pages are cleared",
    is_one=is_of_mlflow,
    forget=forget,
)
