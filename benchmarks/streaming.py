"""What reading events as a stream takes: seconds and peak memory, with and without a bound."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import recsys
from benchmarks import streaming_read
from benchmarks.loading import Market
from benchmarks.suite import run_folder
from recsys.errors import InputError


class StreamingSuite:
    """Reads the tables of a folder in new processes, without `data.memory_mb` and with it.

    Args:
        market: written once into the folder of the run, then read.
        root: a folder of tables to read instead; None for the market.
        memory_mb: the bound of the second reading.
    """

    def __init__(self, *, market: Market, root: str | None = None, memory_mb: float = 100) -> None:
        self.market, self.root, self.memory_mb = market, root, memory_mb

    def figures(self) -> Mapping[str, float]:
        """Keys events, read_seconds (CPU), peak_mb, and the last two with `bounded_` before."""
        folder = run_folder() / "market" if self.root is None else Path(self.root)
        if self.root is None and not folder.exists():
            self.market.write(folder)
        free, bounded = _read(folder, None), _read(folder, self.memory_mb)
        events = free.pop("events")
        del bounded["events"]
        return {"events": events, **free, **{f"bounded_{key}": of for key, of in bounded.items()}}


def _read(folder: Path, memory_mb: float | None) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, streaming_read.__file__, str(folder.resolve()), json.dumps(memory_mb)],
        env={**os.environ, "PYTHONPATH": str(Path(recsys.__file__).parents[1])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        last = run.stderr.strip().splitlines()[-1:] or ["no words"]
        raise InputError(f"reading {folder} ended with code {run.returncode}: {last[0]}")
    figures: dict[str, float] = json.loads(run.stdout)
    return figures
