"""The file of an SQLite database: where it is, whether it is ours, and who may touch it now."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from recsys.errors import InputError
from recsys.masking import masked

SCHEME = "sqlite:///"
_MAGIC = b"SQLite format 3\x00"


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
        if file.read(len(_MAGIC)) != _MAGIC:
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
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = {name for (name,) in found}
    except sqlite3.Error as error:
        raise InputError(f"{key}: {path} is no database: {error}; name another path") from None
    if names and table not in names:
        raise InputError(
            f"{key}: {path} is a database of something else: expected a table '{table}' in it, got "
            f"{', '.join(sorted(names)[:5])}; name another path"
        )


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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f"{path.name}.lock").open("w")
    except OSError as error:
        raise InputError(
            f"{key}: {path.parent} cannot be written: {error.strerror}; set {key}"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise InputError(f"{key}: {path.name} is in use by another process") from None
        yield
