"""A folder that appears, or is replaced, in one step, whatever happens meanwhile."""

import ctypes
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def replaced(place: Path) -> Iterator[Path]:
    """Yields an empty folder beside `place`, which takes its place where the block succeeds.

    A reader finds the old folder or the new one, whole. What crashed writes have left beside is
    removed; a draft that is still being written holds a lock, and stays.

    Raises:
        OSError: the file system does not allow it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with _locked(place.parent):
        _clean_up(place)
        draft = place.with_name(f"{_prefix(place)}{secrets.token_hex(4)}")
        draft.mkdir()
        lock = os.open(draft, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield draft
        for path in (*draft.iterdir(), draft):
            _sync(path)
        with _locked(place.parent):
            _put(draft, place)
            _sync(place.parent)
    finally:
        os.close(lock)
        # After an exchange the draft's name stands for what was replaced.
        shutil.rmtree(draft, ignore_errors=True)


def open_as_usual(path: Path) -> None:
    """Gives a file of a new folder the permissions that the umask leaves a new file.

    Some libraries write for the owner alone. The folder was made under the umask, which cannot be
    read without being changed for all threads.
    """
    path.chmod(path.parent.stat().st_mode & 0o666)


def current(place: Path) -> Path:
    """Where the folder lies: elsewhere only where a crash fell between the two steps of `_put`."""
    return place if place.exists() or not _retired(place).exists() else _retired(place)


def _put(draft: Path, place: Path) -> None:
    if not place.exists():
        draft.rename(place)
    elif not _exchange(draft, place):
        # Only systems without an atomic exchange come here: between these two steps the old folder
        # is found by `current`.
        place.rename(_retired(place))
        draft.rename(place)
        shutil.rmtree(_retired(place), ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swaps two folders in one step of the file system; False where it cannot."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    paths = os.fsencode(one), os.fsencode(other)
    return bool(rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


def _clean_up(place: Path) -> None:
    retired = _retired(place)
    if retired.exists() and not place.exists():
        retired.rename(place)
    shutil.rmtree(retired, ignore_errors=True)
    drafts = (one for one in place.parent.iterdir() if one.name.startswith(_prefix(place)))
    for draft in drafts:
        with suppress(OSError), _locked(draft, wait=False):
            shutil.rmtree(draft)


@contextmanager
def _locked(folder: Path, wait: bool = True) -> Iterator[None]:
    """Holds the folder's lock, which the system drops when the process ends, however it ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _prefix(place: Path) -> str:
    return f".{place.name}.recsys-draft-"


def _retired(place: Path) -> Path:
    return place.with_name(f".{place.name}.recsys-retired")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
