"""The file of an SQLite database: where it is, whether it is ours, and who may touch it now."""

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
"""Seconds that a writer is waited for."""


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
    """Whether a database has still to be made there."""
    return not path.exists() or path.stat().st_size == 0


def check_database(path: Path) -> None:
    """Raises `InputError` where there is something that is no SQLite database, or out of reach."""
    # MLflow would try for minutes to open what is no database.
    if path.is_dir():
        raise InputError(f"track.uri: {path} is a folder; expected the path of an SQLite file")
    if is_new(path):
        return
    if not os.access(path, os.R_OK | os.W_OK):
        raise InputError(f"track.uri: {path} cannot be written; set track.uri to another path")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC and _journal(path) is None:
            raise InputError(f"track.uri: {path} is not an SQLite database; name another path")


def refuse_foreign(path: Path, table: str, key: str) -> None:
    """Refuses a database of something else: MLflow and Optuna add their tables to any.

    Args:
        path: of the SQLite file, which others are kept from by `locked`; it need not be there.
        table: one that tells the wanted kind.
        key: of the configuration that names the path, for the message.

    Raises:
        InputError: there are tables and not this one, or the file cannot be read.
    """
    if is_new(path):
        return
    try:
        # Not read-only: what a kill left half written is rolled back by the first who may write.
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
    """What a kill in the middle of a write leaves beside a database; None where there is none."""
    beside = (path.with_name(f"{path.name}-{kind}") for kind in ("journal", "wal"))
    return next((one for one in beside if one.exists()), None)


@contextmanager
def locked(path: Path, key: str, wait: bool = True) -> Iterator[None]:
    """One process at a time, by a lock beside the file that a kill releases.

    MLflow's first migration does not survive company, nor does Optuna's.

    Args:
        path: of the file to guard; its folder is made where it is missing.
        key: of the configuration that names it, for the message.
        wait: for the others; else they are an error.

    Raises:
        InputError: the folder cannot be written, or others hold the lock and `wait` is False.
    """
    with ExitStack() as held:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(lock(path.with_name(f"{path.name}.lock"), wait, make=True))
        except BlockingIOError:
            raise InputError(f"{key}: {path.name} is in use by another process") from None
        except OSError as error:
            # A planted link for the lock is named, else the folder.
            refused = error.filename if error.errno == errno.ELOOP else path.parent
            raise InputError(
                f"{key}: {refused} cannot be written: {error.strerror}; set {key}"
            ) from None
        yield


def make_whole(path: Path, key: str, make: Callable[[Path], object]) -> None:
    """Makes a new database beside the file and renames it: half of its tables would be no use.

    Args:
        path: of the file; called within `locked`.
        key: of the configuration that names it, for the message.
        make: fills the empty file that it is given.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        with partial(path) as (beside, _):
            make(beside)
    except OSError as error:
        raise InputError(f"{key}: {path} cannot be written: {reason(error)}") from None
