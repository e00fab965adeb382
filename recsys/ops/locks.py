"""Locks between processes, which the system drops when a process ends, however it ends."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# A link is not followed, and a pipe not waited for.
_SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def lock(path: Path, wait: bool = True, make: bool = False) -> Iterator[None]:
    """Holds a lock on a file or folder.

    A symbolic link is never followed and nothing is written, so that a planted one harms no file.
    Who may only read the file can lock it too: people who share a database share its lock.

    Args:
        path: of what is guarded, or of a file that stands for it.
        wait: for other processes; else they are an error.
        make: an empty file where nothing is there; its folder has to be there.

    Raises:
        BlockingIOError: another process holds it, and `wait` is False.
        OSError: it cannot be made or opened, or is a symbolic link.
    """
    descriptor = _opened(path, make)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def own_folder() -> Path:
    """A folder for locks below the system's temporary one, of this user and of nobody else.

    Raises:
        OSError: another user has made it, or it is a link.
    """
    folder = Path(tempfile.gettempdir()) / f"recsys-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise PermissionError(1, "is not a folder that only you may write; remove it", str(folder))
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
