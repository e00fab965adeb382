"""Files that are there whole or not at all, whoever else writes them at the same time."""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from recsys.errors import InputError
from recsys.ops.locks import lock

_LONGEST = 200
"""Bytes of a name that leave room for what is put around it."""

_KEPT = re.compile(r"[0-9a-f]{16}\.partial")


def write_whole(path: Path, content: str | bytes, key: str | None = None) -> None:
    """Writes a file in one step, so that a crash or a full disk leaves the former one.

    Args:
        path: of the file; its folder is made where it is missing.
        content: text, kept as UTF-8, or bytes.
        key: of the command line or configuration that names the path, for the message.

    Raises:
        InputError: the file cannot be written.
    """
    with whole_file(path, key) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_file(path: Path, key: str | None = None) -> Iterator[BinaryIO]:
    """Yields a file to write bytes into, which becomes `path` where the block succeeds.

    Of several writers at once each has a file of its own; the last to end is the one that stays.

    Args:
        path: of the file; its folder is made where it is missing.
        key: of the command line or configuration that names the path, for the message.

    Raises:
        InputError: the file cannot be written, or something else than a file is there.
    """
    named = f"{key}={path}" if key else str(path)
    try:
        _refuse_others(path, named)
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial(path) as (beside, descriptor):
            with open(descriptor, "wb", closefd=False) as file:
                yield file
            os.fsync(descriptor)
            beside.replace(path)
            sync(path.parent)
    except OSError as error:
        raise InputError(f"{named} cannot be written: {reason(error)}") from None


def reason(error: OSError) -> str:
    """What the system says, without what the libraries between add to it."""
    return os.strerror(error.errno) if error.errno else str(error)


@contextmanager
def partial(path: Path) -> Iterator[tuple[Path, int]]:
    """Yields a new empty file beside `path` and its descriptor; it is removed if still there.

    Its name cannot be guessed and it is made exclusively, so a planted file or link is never
    written to. A lock tells it from what killed processes have left, which is removed.

    Raises:
        OSError: it cannot be made.
    """
    prefix = _prefix(path)
    _remove_abandoned(path.parent, prefix)
    beside, descriptor = _made(path.parent, prefix)
    try:
        yield beside, descriptor
    finally:
        os.close(descriptor)
        _remove(beside)


def _refuse_others(path: Path, named: str) -> None:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if not stat.S_ISREG(mode):
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
        raise InputError(f"{named} cannot be written: it is no ordinary file; name a file")


def _made(folder: Path, prefix: str) -> tuple[Path, int]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        beside = folder / f"{prefix}{secrets.token_hex(8)}.partial"
        descriptor = os.open(beside, flags, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Before it was locked another writer may have taken it for abandoned.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), beside.lstat()):
                return beside, descriptor
        os.close(descriptor)


def _remove_abandoned(folder: Path, prefix: str) -> None:
    """Removes what killed writers have left; what is still being written is locked, and stays."""
    for beside in folder.iterdir():
        name = beside.name
        if name.startswith(prefix) and _KEPT.fullmatch(name.removeprefix(prefix)):
            with suppress(OSError), lock(beside, wait=False):
                _remove(beside)


def _remove(beside: Path) -> None:
    # SQLite, which is given such files too, names its journals after them.
    for name in (beside.name, *(f"{beside.name}-{kind}" for kind in ("journal", "wal", "shm"))):
        with suppress(OSError):
            beside.with_name(name).unlink(missing_ok=True)


def _prefix(path: Path) -> str:
    name = os.fsencode(path.name)
    fits = len(name) <= _LONGEST
    return f".{path.name if fits else hashlib.sha256(name).hexdigest()}."


def sync(path: Path) -> None:
    """Waits until a file or folder is on the disk.

    Raises:
        OSError: it cannot be opened, or the disk cannot take it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
