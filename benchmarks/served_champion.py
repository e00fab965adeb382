"""A market, two runs on it, their artifacts and a registry, made by the commands of recsys."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil

from benchmarks.served import Served, end
from recsys.errors import InputError

NAME = "recsys"
_LOW_PRIORITY = 10


@dataclass(frozen=True)
class Registry:
    """A registry whose champion is the run of popularity.

    Attributes:
        folder: with the tables, the store and the artifacts.
        challenger: folder of the artifact that wins over the champion.
    """

    folder: Path
    challenger: Path

    @property
    def uri(self) -> str:
        """Of the store."""
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    def data(self) -> list[str]:
        """Words that name the tables."""
        return [
            "data=files", f"data.root={self.folder / 'market'}", "data.name=market",
            "data.valid_from=2025-08-01", "data.test_from=2025-10-01", "data.filter_seen=false",
        ]  # fmt: skip

    def set_consent(self, column: str, consents: dict[str, bool]) -> None:
        """Writes other consents of some customers into the table of customers."""
        for path in sorted((self.folder / "market" / "customers").glob("*.parquet")):
            table = pd.read_parquet(path)
            for customer, consent in consents.items():
                table.loc[table.customer_id == customer, column] = consent
            table.to_parquet(path, index=False)

    def command(self, *words: str, is_background: bool = False) -> str:
        """Runs a command of recsys, and returns what it prints.

        Args:
            words: the command and its keys.
            is_background: whether at low priority, as `recsys refresh` runs by itself: what is
                served on this machine goes first.

        Raises:
            InputError: it failed.
        """
        first = ["nice", "-n", str(_LOW_PRIORITY)] if is_background else []
        done = subprocess.run(
            [*first, sys.executable, "-m", "recsys", *words],
            cwd=self.folder, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise InputError(f"recsys {words[0]}: {(done.stderr or done.stdout).strip()[-500:]}")
        return done.stdout


def registry(folder: Path, events: int, dim: int) -> Registry:
    """Simulates a market, fits popularity and ALS on it and promotes popularity.

    Args:
        folder: an empty one.
        events: of the market.
        dim: of ALS.
    """
    made = Registry(folder, folder / "als")
    made.command("simulate", f"out={folder / 'market'}", f"events={events}")
    track = [f"track.uri={made.uri}"]
    for words in (["model=popularity"], ["model=als", f"model.dim={dim}"]):
        made.command(
            "train", *made.data(), *words, *track, "evaluate.test=true", "evaluate.resamples=200"
        )
    listed = made.command("compare", *track)
    for model in ("popularity", "als"):
        found = re.search(rf"{model}\W.*?([0-9a-f]{{8,32}})", listed)
        if found is None:
            raise InputError(f"no run of {model} in:\n{listed}")
        made.command("export", f"run={found[1]}", f"out={folder / model}", *track)
    made.command("promote", f"artifact={folder / 'popularity'}", *track)
    return made


@contextmanager
def served_champion(made: Registry, poll: float) -> Iterator[Served]:
    """Starts `recsys serve` on the champion and ends it after the block.

    Raises:
        InputError: the server did not start.
    """
    words = [
        "serve", f"model_name={NAME}", f"track.uri={made.uri}", "port=0", f"poll={poll}",
        f"log={made.folder / 'log' / 'decisions'}",
    ]  # fmt: skip
    log = made.folder / "server.log"
    with log.open("wb") as errors:
        started = subprocess.Popen(
            [sys.executable, "-m", "recsys", *words],
            cwd=made.folder, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
        try:
            assert started.stdout is not None
            address = re.search(r":(\d+)/invocations", started.stdout.readline())
            if address is None:
                raise InputError(f"recsys serve did not start: {log.read_text().strip()[-500:]}")
            yield Served(int(address[1]), psutil.Process(started.pid))
        finally:
            end(started)
