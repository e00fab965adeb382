"""Files that appear, or are replaced, in one step.

A crash, a full disk or another writer at the same time never leaves a part of a file.
"""

import errno
import hashlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from recsys.errors import InputError
from recsys.ops.locks import lock

_LONGEST = 200
"""Bytes of a name that leave room for what is put around it."""

_ENDING = r"[0-9a-f]{16}\.partial"
DRAFT_NAME = rf"\.[^/]+\.{_ENDING}"
"""Pattern of the names of files that are being written, or that a kill left."""


def write_whole(path: Path, content: str | bytes, key: str | None = None) -> None:
    """Writes a file in one step, so that a crash or a full disk leaves the former file.

    Args:
        path: the file; its folder is created if it is missing.
        content: text, written as UTF-8, or bytes.
        key: setting that names the path, for the error message.

    Raises:
        InputError: the file cannot be written.
    """
    with whole_file(path, key) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_file(path: Path, key: str | None = None) -> Iterator[BinaryIO]:
    """Yields a file to write bytes into, which becomes `path` if the block succeeds.

    Several writers at once have a file each; the file of the writer that ends last stays.

    Args:
        path: the file; its folder is created if it is missing.
        key: setting that names the path, for the error message.

    Raises:
        InputError: the file cannot be written, or `path` is something other than a file.
    """
    named = f"{key}={path}" if key else str(path)
    try:
        _refuse_others(path, named)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            partial(path) as (_, descriptor),
            open(descriptor, "wb", closefd=False) as file,
        ):
            yield file
    except OSError as error:
        raise InputError(f"{named} cannot be written: {reason(error)}") from None


def reason(error: OSError) -> str:
    """The text of the system for an error, without what libraries add to it."""
    return os.strerror(error.errno) if error.errno else str(error)


@contextmanager
def partial(path: Path) -> Iterator[tuple[Path, int]]:
    """Yields a new empty file beside `path` and its descriptor; it becomes `path` on success.

    Its name cannot be guessed and it is created exclusively, so a planted file or link is never
    written to. If the block fails it is removed. A lock tells it from the files that killed
    processes have left, which are removed.

    Raises:
        OSError: the file cannot be created, or cannot replace `path`.
    """
    prefix = _prefix(path)
    _remove_abandoned(path.parent, prefix)
    with ExitStack() as held:
        beside, descriptor = _created(path.parent, prefix, held)
        held.callback(_remove, beside)
        try:
            yield beside, descriptor
            os.fsync(descriptor)
        finally:
            # Windows renames no file that is open.
            os.close(descriptor)
        beside.replace(path)
        sync(path.parent)


def _refuse_others(path: Path, named: str) -> None:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    if not stat.S_ISREG(mode):
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
        raise InputError(f"{named} cannot be written: it is no ordinary file; name a file")


def _created(folder: Path, prefix: str, held: ExitStack) -> tuple[Path, int]:
    """A new file and its descriptor; its lock is held as long as the stack."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    # Absent on Windows, as the other is elsewhere.
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    while True:
        beside = folder / f"{prefix}{secrets.token_hex(8)}.partial"
        descriptor = os.open(beside, flags, 0o666)
        # Before it was locked another writer may have taken it for abandoned.
        with suppress(FileNotFoundError), ExitStack() as attempt:
            attempt.enter_context(lock(beside))
            if os.path.samestat(os.fstat(descriptor), beside.lstat()):
                held.enter_context(attempt.pop_all())
                return beside, descriptor
        os.close(descriptor)


def _remove_abandoned(folder: Path, prefix: str) -> None:
    """Removes files that killed writers have left; a file still being written is locked."""
    for beside in folder.iterdir():
        name = beside.name
        if name.startswith(prefix) and re.fullmatch(_ENDING, name.removeprefix(prefix)):
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
    """Waits until a file or folder is on the disk; on Windows, where that is not needed, a file.

    Raises:
        OSError: it cannot be opened, or the disk cannot take it.
    """
    if sys.platform == "win32" and path.is_dir():
        return
    # Windows syncs only what is open for writing.
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
