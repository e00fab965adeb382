"""`recsys check` on a simulated market as Parquet and its events as CSV: seconds and memory."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

import duckdb

from benchmarks.loading import Market
from benchmarks.suite import require_at_least, run_folder
from recsys.errors import InputError

_ENDS = "2026-12-31"
"""After the last event of every market."""

_AS_CSV = """
COPY (SELECT * FROM read_parquet('{parts}')) TO '{file}'
(HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ')
"""


class CheckSuite:
    """Checks the tables of a market in a new process, as a shell does.

    Args:
        market: written once into the folder of the run, then read.
        repeats: processes for each kind of file; the fastest counts, with its memory.
    """

    def __init__(self, *, market: Market, repeats: int = 3) -> None:
        require_at_least(1, repeats=repeats)
        self.market, self.repeats = market, repeats

    def figures(self) -> Mapping[str, float]:
        """Keys KIND_seconds, KIND_cpu_seconds and KIND_peak_mb of all tables and of the CSV."""
        parquet, csv = run_folder() / "market", run_folder() / "csv"
        if not parquet.exists():
            self.market.write(parquet)
        if not csv.exists():
            csv.mkdir()
            parts, file = parquet / "interactions" / "*.parquet", csv / "interactions.csv"
            with duckdb.connect() as database:
                database.execute("SET TimeZone = 'UTC'")
                database.execute(_AS_CSV.format(parts=parts, file=file))
        return {
            f"{kind}_{key}": figure
            for kind, folder in (("parquet", parquet), ("csv", csv))
            for key, figure in min(
                (_checked(folder) for _ in range(self.repeats)), key=lambda run: run["seconds"]
            ).items()
        }


def _checked(folder: Path) -> dict[str, float]:
    words = ["check", "data=files", f"data.root={folder}", f"data.ends={_ENDS}"]
    start = perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "recsys", *words], stdout=subprocess.DEVNULL)
    # Not `process.wait`, which says nothing of the memory of this process alone. That is at least
    # the memory of the benchmark, from which the process is forked.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise InputError(f"recsys {' '.join(words)} ended with code {process.returncode}")
    return {
        "seconds": perf_counter() - start,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
