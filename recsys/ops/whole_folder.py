"""A folder that appears, or is replaced, in one step, also if writers crash or meet."""

import ctypes
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from recsys.ops.locks import lock
from recsys.ops.whole_file import sync

DRAFT_NAME = r"\.[^/]+\.recsys-(?:draft-[0-9a-f]{8}|retired)"
"""Pattern of the names of folders that are being written or replaced, or that a kill left."""

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def replaced(target: Path, allow: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Yields an empty folder beside `target`, which replaces it if the block succeeds.

    A reader finds the old folder or the new one, never a part of one. Drafts that crashed writers
    have left beside are removed; a draft that is still being written holds a lock, and stays.

    Args:
        target: the folder; its parents are created.
        allow: raises if the folder that is there may not be replaced. It is called at the end,
            while other writers are locked out: one of them may have finished in the meantime.

    Raises:
        OSError: the file system does not allow it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _draft(target) as draft:
        yield draft
        for path in (*draft.rglob("*"), draft):
            sync(path)
        with lock(target.parent):
            allow()
            _put(draft, target)
            sync(target.parent)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    draft = target.with_name(f"{_prefix(target)}{secrets.token_hex(4)}")
    with ExitStack() as held:
        with lock(target.parent):
            _clean_up(target)
            draft.mkdir()
            # After an exchange the draft's name stands for what was replaced.
            held.callback(shutil.rmtree, draft, ignore_errors=True)
            held.enter_context(lock(draft))
        yield draft


def open_as_usual(path: Path) -> None:
    """Gives a file in a new folder the permissions of a file that is created under the umask.

    Some libraries write files that only the owner may read. The umask cannot be read without being
    changed for all threads, so the permissions are those of the folder, which was created under it.
    """
    path.chmod(path.parent.stat().st_mode & 0o666)


def current(target: Path) -> Path:
    """Where the folder is: elsewhere only after a crash between the two steps of `_put`."""
    return target if target.exists() or not _retired(target).exists() else _retired(target)


def _put(draft: Path, target: Path) -> None:
    if not target.exists():
        draft.rename(target)
    elif not _exchange(draft, target):
        # Only systems without an atomic exchange come here: between these two steps the old folder
        # is found by `current`.
        target.rename(_retired(target))
        draft.rename(target)
        shutil.rmtree(_retired(target), ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swaps two folders in one step of the file system; False where it cannot."""
    library = None if sys.platform == "win32" else ctypes.CDLL(None)
    rename = getattr(library, "renameat2", None)
    if rename is None:
        return False
    paths = os.fsencode(first), os.fsencode(second)
    return bool(rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


def _clean_up(target: Path) -> None:
    retired = _retired(target)
    if retired.exists() and not target.exists():
        retired.rename(target)
    shutil.rmtree(retired, ignore_errors=True)
    drafts = (path for path in target.parent.iterdir() if path.name.startswith(_prefix(target)))
    for draft in drafts:
        with suppress(OSError), lock(draft, wait=False):
            shutil.rmtree(draft)


def _prefix(target: Path) -> str:
    return f".{target.name}.recsys-draft-"


def _retired(target: Path) -> Path:
    return target.with_name(f".{target.name}.recsys-retired")
