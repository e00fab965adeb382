"""Locks between processes, which the system drops when a process ends, however it ends.

They are ours and not those of `filelock`, because that locks neither folders nor files that may
only be read: a folder that is replaced is locked itself, so that no file is left beside it, and
people who may only read a shared database take its lock too. Serving writes files as well, and has
to work without any further library.

On Windows a folder cannot be opened, and a locked file cannot be read by others. There the lock is
on an empty file in `own_folder` that stands for the path, and holds among the processes of a user.
"""

import errno
import hashlib
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    _SAFELY, _PAUSE = 0, 0.05
else:
    import fcntl

    # A link is not followed, and a pipe not waited for.
    _SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def lock(path: Path, wait: bool = True, make: bool = False) -> Iterator[None]:
    """Holds a lock on a file or folder.

    A symbolic link is never followed and nothing is written, so that a planted link harms no file.
    Reading the file is enough to lock it.

    Args:
        path: the file or folder that is guarded, or a file that stands for it.
        wait: whether to wait for other processes; otherwise a held lock is an error.
        make: whether to create an empty file where nothing is there; its folder has to exist.

    Raises:
        BlockingIOError: another process holds the lock, and `wait` is False.
        OSError: the file cannot be created or opened, or is a symbolic link.
    """
    if sys.platform == "win32":
        stand_in = _stand_in(path, make)
        descriptor = os.open(stand_in, os.O_RDWR | os.O_CREAT)
        try:
            _hold_on_windows(descriptor, wait)
            yield
        finally:
            os.close(descriptor)
            # Windows refuses to remove a file that another process has open.
            with suppress(OSError):
                stand_in.unlink()
    else:
        descriptor = _opened(path, make)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield
        finally:
            os.close(descriptor)


@contextmanager
def lock_folder(path: Path, wait: bool = True) -> Iterator[None]:
    """Holds a lock on a folder that is made where it is missing.

    It may have been removed by the process that was waited for: then it is made again.

    Args:
        path: the folder; its parents are made too.
        wait: as for `lock`.

    Raises:
        BlockingIOError: another process holds the lock, and `wait` is False.
        OSError: the folder cannot be made or opened, or is a symbolic link.
    """
    while True:
        path.mkdir(parents=True, exist_ok=True)
        before = path.stat()
        with lock(path, wait):
            if path.exists() and os.path.samestat(path.stat(), before):
                yield
                return


def own_folder() -> Path:
    """A folder for locks below the system's temporary folder, which only this user may write.

    Raises:
        OSError: another user has created it, or it is a link.
    """
    if sys.platform == "win32":
        # Each user has a temporary folder there.
        folder = Path(tempfile.gettempdir()) / "recsys-locks"
        folder.mkdir(exist_ok=True)
    else:
        folder = Path(tempfile.gettempdir()) / f"recsys-{os.getuid()}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o022:
            reason = "is not a folder that only you may write; remove it"
            raise PermissionError(errno.EPERM, reason, str(folder))
    return folder


def _opened(path: Path, make: bool) -> int:
    # Opened before it is made: in a shared temporary folder the kernel refuses the other order.
    for flags in (os.O_RDWR, os.O_RDONLY):
        with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
            return os.open(path, flags | _SAFELY)
    if make:
        with suppress(FileExistsError):
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFELY, 0o666)
    return os.open(path, os.O_RDONLY | _SAFELY)


if sys.platform == "win32":

    def _stand_in(path: Path, make: bool) -> Path:
        (path.parent if make else path).lstat()
        name = os.path.normcase(os.path.realpath(path))
        return own_folder() / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"

    def _hold_on_windows(descriptor: int, wait: bool) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except PermissionError:
                if not wait:
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from None
                time.sleep(_PAUSE)
            else:
                return
