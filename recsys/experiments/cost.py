"""The cost of a run: seconds by stage, CPU seconds, peak memory."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class Stopwatch:
    """Measures wall seconds by stage; the seconds of a stage that is entered twice are added.

    Attributes:
        seconds: stage -> wall seconds.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._cpu_start = time.process_time()

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of all threads of this process since the start of the watch."""
        return time.process_time() - self._cpu_start

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time inside to the stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def reset_peak_memory() -> None:
    """Resets the peak, so that runs in one process are measured apart (Linux)."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return


def peak_memory_mb() -> float:
    """Highest resident memory in MiB since the reset, or since the start without one."""
    try:
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset / 2**20)
    # Unknown to Windows.
    import resource

    # Bytes on macOS, KiB elsewhere.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
