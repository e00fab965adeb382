"""The versions of a champion for a server, from a process that asks MLflow's registry."""

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.low_priority import NICE
from recsys.tracking.store import TrackConfig

_PATIENCE = 300.0
"""Seconds until the first champion must be there: MLflow is imported and the model downloaded."""


class ChampionVersions:
    """As `recsys.serving.http.swap.Versions`, of a registered model.

    Args:
        track: where the registry is.
        name: of the registered model.
        poll: seconds between two looks.
        folder: for the artifacts.
    """

    def __init__(self, track: TrackConfig, name: str, poll: float, folder: Path) -> None:
        self._lines: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        self._is_first = True
        words = [sys.executable, "-m", "recsys.tracking.follow", name, str(poll), str(folder)]
        # The URI may hold a password, which a list of processes would show.
        environment = {**os.environ, "MLFLOW_TRACKING_URI": track.uri}
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        with suppress(AttributeError, OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICE)
        threading.Thread(target=self._read, name="champion", daemon=True).start()

    def newest(self) -> Path | None:
        """As `Versions.newest`; the first call waits for a champion."""
        try:
            line = (
                self._lines.get(timeout=_PATIENCE) if self._is_first else self._lines.get_nowait()
            )
        except queue.Empty:
            if self._is_first:
                raise InputError("the registry did not answer in time; start again") from None
            return None
        if "error" in line:
            raise InputError(line["error"])
        self._is_first = False
        return Path(line["folder"])

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(
            {"error": "the process that looks for new champions has ended; start again"}
        )
