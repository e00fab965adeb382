"""What all suites share: checks of settings, timing, intervals as figures, the report file."""

import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Protocol

from hydra.core.hydra_config import HydraConfig

from recsys.data.sources.lightgcn import LightGCNFiles
from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.evaluation.paired import Difference
from recsys.ops.whole_file import write_whole


class Suite(Protocol):
    """Constructed from its YAML in conf/suite."""

    def figures(self) -> Mapping[str, float]:
        """Measures; flat names to numbers."""
        ...


def require_at_least(low: int, **settings: int) -> None:
    """Raises `InputError` where a setting of a suite is lower."""
    for name, value in settings.items():
        if value < low:
            raise InputError(
                f"suite.{name}: expected a whole number of at least {low}, got {value}"
            )


@contextmanager
def root_of_suite() -> Iterator[None]:
    """Names suite.root instead of data.root in the errors of a source."""
    try:
        yield
    except InputError as error:
        raise InputError(str(error).replace("data.root", "suite.root")) from None


def published(root: str) -> LightGCNFiles:
    """The published split in a folder. Raises `InputError` that names suite.root."""
    with root_of_suite():
        return LightGCNFiles(root=root)


def ends(key: str, estimate: Interval | Difference) -> dict[str, float]:
    """Figures KEY, KEY_low and KEY_high."""
    return {key: estimate.mean, f"{key}_low": estimate.low, f"{key}_high": estimate.high}


def cell(estimate: Interval | Difference, sign: str = "") -> str:
    """A mean with its interval, for a table; sign "+" writes that of a difference."""
    return f"{estimate.mean:{sign}.4f} [{estimate.low:{sign}.4f}, {estimate.high:{sign}.4f}]"


def kept_cell(interval: Mapping[str, float]) -> str:
    """As `cell`, of an interval in metrics.json; .1 in place of 0.1."""
    mean, low, high = (f"{interval[key]:.4f}".lstrip("0") for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def recall_beside(metric: str) -> str:
    """Recall at the length of another metric: recall@20 for ndcg@20."""
    return f"recall@{metric.partition('@')[2]}"


def seconds_in_turn(repeats: int, *tasks: Callable[[], object]) -> list[float]:
    """Median wall seconds of each task; run in turn A B A B, so that drift affects all equally."""
    taken: list[list[float]] = [[] for _ in tasks]
    for _ in range(repeats):
        for seconds, task in zip(taken, tasks, strict=True):
            start = time.perf_counter()
            task()
            seconds.append(time.perf_counter() - start)
    return [median(seconds) for seconds in taken]


def machine() -> str:
    """The machine in words: processor, cores, system, Python."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].split(":", 1)[1].strip() if names else processor
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def run_folder() -> Path:
    """The folder of the run under Hydra, else the current folder."""
    return Path(HydraConfig.get().runtime.output_dir) if HydraConfig.initialized() else Path()


def write_benchmark(folder: Path, suite: str, figures: Mapping[str, float]) -> Path:
    """Writes `benchmark.json` into the folder and returns its path."""
    path = folder / "benchmark.json"
    report = {"suite": suite, "machine": machine(), "figures": dict(figures)}
    write_whole(path, json.dumps(report, indent=2) + "\n")
    return path
