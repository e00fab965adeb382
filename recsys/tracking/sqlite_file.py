"""The file of an SQLite database: its path, its checks, its lock and its creation."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.locks import lock
from recsys.ops.masking import masked
from recsys.ops.whole_file import partial, reason

SCHEME = "sqlite:///"
_MAGIC = b"SQLite format 3\x00"
_PATIENCE = 60.0
"""Seconds to wait for a writer."""


def sqlite_path(uri: str) -> Path | None:
    """The absolute path of an SQLite URI; None for any other kind.

    Raises:
        InputError: the URI names no file.
    """
    if not uri.startswith("sqlite"):
        return None
    name = uri.removeprefix(SCHEME)
    if name == uri or not name or name == ":memory:":
        raise InputError(f"track.uri: expected sqlite:///PATH, got {masked(uri)}")
    return Path(name).absolute()


def is_new(path: Path) -> bool:
    """Whether there is no database yet: no file, or an empty one."""
    return not path.exists() or path.stat().st_size == 0


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as SQLite's databases do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def check_database(path: Path) -> None:
    """Raises `InputError` where the path is no SQLite database, or cannot be written."""
    # MLflow would try for minutes to open such a path.
    if path.is_dir():
        raise InputError(f"track.uri: {path} is a folder; expected the path of an SQLite file")
    if is_new(path):
        return
    if not os.access(path, os.R_OK | os.W_OK):
        raise InputError(f"track.uri: {path} cannot be written; set track.uri to another path")
    if not is_sqlite(path) and _journal(path) is None:
        raise InputError(f"track.uri: {path} is not an SQLite database; name another path")


def refuse_foreign(path: Path, table: str, key: str) -> None:
    """Refuses a database of another program: MLflow and Optuna add their tables to any.

    Args:
        path: of the SQLite file, locked by `locked`; it may be missing.
        table: one that the expected kind of database has.
        key: setting that holds the path, for the message.

    Raises:
        InputError: there are other tables and not this one, or the file cannot be read.
    """
    if is_new(path):
        return
    try:
        # Not read-only: only a connection that may write rolls an interrupted write back.
        uri = f"{path.as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = {name for (name,) in tables}
    except sqlite3.Error as error:
        raise InputError(f"{key}: {_unreadable(path, error)}") from None
    if names and table not in names:
        raise InputError(
            f"{key}: {path} is a database of something else: expected a table '{table}' in it, got "
            f"{', '.join(sorted(names)[:5])}; name another path"
        )


def _unreadable(path: Path, error: sqlite3.Error) -> str:
    journal = _journal(path)
    if "locked" in str(error):
        return f"{path} is in use by another process; try again when that has ended"
    if journal is not None:
        return (
            f"a killed run left {journal.name} beside {path}, and it cannot be rolled back "
            f"({error}); make both files and their folder writable"
        )
    return f"{path} is no database: {error}; name another path"


def _journal(path: Path) -> Path | None:
    """The journal that an interrupted write leaves beside a database; None where there is none."""
    journals = (path.with_name(f"{path.name}-{kind}") for kind in ("journal", "wal"))
    return next((journal for journal in journals if journal.exists()), None)


@contextmanager
def locked(path: Path, key: str, wait: bool = True) -> Iterator[None]:
    """Lets one process in at a time, by a lock file beside the path that a kill releases.

    MLflow and Optuna cannot create their tables in two processes at the same time.

    Args:
        path: of the file to guard; its folder is created where it is missing.
        key: setting that holds the path, for the message.
        wait: until the lock is free; otherwise a lock that is taken is an error.

    Raises:
        InputError: the folder cannot be written, or the lock is taken and `wait` is False.
    """
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(lock(path.with_name(f"{path.name}.lock"), wait, make=True))
        except BlockingIOError:
            raise InputError(f"{key}: {path.name} is in use by another process") from None
        except OSError as error:
            # The name of a link in place of the lock file, otherwise the folder.
            refused = error.filename if error.errno == errno.ELOOP else path.parent
            raise InputError(
                f"{key}: {refused} cannot be written: {error.strerror}; set {key}"
            ) from None
        yield


def create_database(path: Path, key: str, fill: Callable[[Path], object]) -> None:
    """Creates a database with all its tables atomically; call it within `locked`.

    MLflow makes its tables in some sixty steps. SQLite would wait for the disk after each, which
    takes seconds; as nobody reads the file before it is complete, one wait at the end is enough.

    Args:
        path: of the file.
        key: setting that holds the path, for the message.
        fill: takes the path of an empty file and creates the tables in it.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        with partial(path) as (temporary, _), _without_waiting(temporary):
            fill(temporary)
    except OSError as error:
        raise InputError(f"{key}: {path} cannot be written: {reason(error)}") from None


@contextmanager
def _without_waiting(path: Path) -> Iterator[None]:
    """SQLAlchemy's connections to this file do not wait for the disk."""
    from sqlalchemy import Engine, event

    def connected(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            files = connection.execute("PRAGMA database_list").fetchall()
            if any(file and Path(file).name == path.name for _, _, file in files):
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute("PRAGMA journal_mode = MEMORY")

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)
