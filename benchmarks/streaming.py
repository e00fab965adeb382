"""What reading events as a stream takes: seconds and peak memory, with and without a bound."""

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks import streaming_read
from benchmarks.loading import Market
from benchmarks.programs import printed_by
from benchmarks.suite import run_folder


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
    words = (streaming_read.__file__, str(folder.resolve()), json.dumps(memory_mb))
    figures: dict[str, float] = json.loads(printed_by(f"reading {folder}", *words))
    return figures
