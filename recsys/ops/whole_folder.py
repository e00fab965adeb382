"""A folder that appears, or is replaced, in one step, whatever happens meanwhile."""

import ctypes
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from recsys.ops.locks import lock
from recsys.ops.whole_file import sync

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def replaced(place: Path, allow: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Yields an empty folder beside `place`, which takes its place where the block succeeds.

    A reader finds the old folder or the new one, whole. What crashed writes have left beside is
    removed; a draft that is still being written holds a lock, and stays.

    Args:
        place: of the folder; its parents are made.
        allow: raises where what lies there may not be replaced. It is called in the end, while
            other writers are kept out: one of them may have finished meanwhile.

    Raises:
        OSError: the file system does not allow it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with _draft(place) as draft:
        yield draft
        for path in (*draft.rglob("*"), draft):
            sync(path)
        with lock(place.parent):
            allow()
            _put(draft, place)
            sync(place.parent)


@contextmanager
def _draft(place: Path) -> Iterator[Path]:
    draft = place.with_name(f"{_prefix(place)}{secrets.token_hex(4)}")
    with ExitStack() as held:
        with lock(place.parent):
            _clean_up(place)
            draft.mkdir()
            # After an exchange the draft's name stands for what was replaced.
            held.callback(shutil.rmtree, draft, ignore_errors=True)
            held.enter_context(lock(draft))
        yield draft


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
        with suppress(OSError), lock(draft, wait=False):
            shutil.rmtree(draft)


def _prefix(place: Path) -> str:
    return f".{place.name}.recsys-draft-"


def _retired(place: Path) -> Path:
    return place.with_name(f".{place.name}.recsys-retired")
