"""What a run costs: seconds by stage, CPU seconds, peak memory."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class Stopwatch:
    """Wall seconds by stage; a stage entered twice adds up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._cpu_start = time.process_time()

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of this process since the start, of all its threads together."""
        return time.process_time() - self._cpu_start

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the time inside to the stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def reset_peak_memory() -> None:
    """Starts the peak anew, so that runs of one process do not inherit each other's (Linux)."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return


def peak_memory_mb() -> float:
    """Highest resident memory since the reset, in MiB; since the start where it cannot be reset."""
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
