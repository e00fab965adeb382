"""Arrays within a bound of memory: what does not fit lies in files, paged by the system.

A file has no name from the moment it is made, so nothing is left of it, however the process ends.
"""

import contextlib
import math
import mmap
import os
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from recsys.errors import InputError

_SMALLEST = 2**16
"""Arrays of fewer bytes stay in memory whatever the bound: a file each would cost more."""

_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


_PRIVATE: dict[str, int] = (
    {} if sys.platform == "win32" else {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS}
)


class _FilePages(mmap.mmap):
    """Pages of a file, whose name is gone."""


class Memory:
    """Makes arrays, in memory as long as those that still live take less than a bound.

    Args:
        megabytes: the bound in MiB; None for half of what the machine, or its container, has.
        key: the setting that the bound comes from, for the message of a full disk.
    """

    def __init__(self, megabytes: float | None = None, key: str = "data.memory_mb") -> None:
        self._most = machine_bytes() // 2 if megabytes is None else int(megabytes * 2**20)
        self._key = key
        self._used = 0

    def allocate(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Zeros of a shape, in memory or in a file; given back when nothing refers to them.

        The files lie where Python puts temporary ones: TMPDIR, else /tmp. Where that is itself in
        memory (tmpfs), set TMPDIR to a folder on a disk.

        Raises:
            InputError: there is no room for the file.
        """
        dtype = np.dtype(dtype)
        size = dtype.itemsize * math.prod((shape,) if isinstance(shape, int) else shape)
        if size < _SMALLEST:
            return np.zeros(shape, dtype)
        if self._used + size > self._most:
            pages: mmap.mmap = self._in_file(size)
        else:
            # Not from the heap, where freed pages may stay with the process.
            pages = mmap.mmap(-1, size, **_PRIVATE)
            if hasattr(mmap, "MADV_HUGEPAGE"):
                pages.madvise(mmap.MADV_HUGEPAGE)
            self._used += size
            weakref.finalize(pages, self._give_back, size).atexit = False
        return np.ndarray(shape, dtype, buffer=pages)

    def _give_back(self, size: int) -> None:
        self._used -= size

    def _in_file(self, size: int) -> "_FilePages":
        with tempfile.TemporaryFile(prefix="recsys-") as file:
            try:
                if hasattr(os, "posix_fallocate"):
                    # A file with holes would end the process by a signal once the disk is full.
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.truncate(size)
                return _FilePages(file.fileno(), size)
            except OSError as error:
                raise InputError(
                    f"{self._key}: expected room for {size / 2**20:,.0f} MiB in "
                    f"{tempfile.gettempdir()}, got: {error.strerror}; set TMPDIR to a folder with "
                    f"more room, or a larger {self._key}"
                ) from None


def page_out(array: NDArray[Any]) -> None:
    """Takes the pages of an array out of the process; they stay in its file and are read on use.

    Args:
        array: of `Memory.allocate`; one that lies in memory stays there.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    # Pages without a file would be lost.
    if isinstance(base, _FilePages) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def machine_bytes() -> int:
    """Bytes of memory of the machine, or of the container that the process runs in."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.virtual_memory().total)
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUPS:
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(path).read_text()))
    return total
