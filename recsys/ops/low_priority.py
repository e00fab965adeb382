"""Work beside a server on the same machine, which goes first."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

NICE = 10


@contextmanager
def low_priority() -> Iterator[None]:
    """Lowers the priority of this thread, and of those that it starts, for a block; on Linux only.

    Without the rights of an administrator it stays low afterwards.
    """
    thread = threading.get_native_id()
    try:
        before = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, max(before, NICE))
    except (AttributeError, OSError):
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, before)
