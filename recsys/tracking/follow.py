"""A process that looks for new champions: `python -m recsys.tracking.follow NAME SECONDS FOLDER`.

A server starts it, so that MLflow, which takes seconds to import, never shares its interpreter.
MLFLOW_TRACKING_URI says where the registry is. Each line of its output is a JSON object: {"folder"}
of the artifact of a new champion, or {"error"}. It ends when its standard input does.
"""

import json
import os
import shutil
import sys
import threading
import time
from pathlib import Path

from recsys.errors import InputError
from recsys.tracking.champion_folder import fetch, require_champion
from recsys.tracking.registry import Version
from recsys.tracking.store import TrackConfig

_KEPT = 2
"""Versions on disk: the server has mapped the last one into memory and may still load it."""


def main(name: str, poll: float, folder: Path) -> None:
    """Prints a line for each new champion, and for each new error.

    Args:
        name: of the registered model.
        poll: seconds between two looks.
        folder: for the artifacts.
    """
    threading.Thread(target=_end_with_server, daemon=True).start()
    settings, known, said = TrackConfig(), None, ""
    kept: list[Path] = []
    while True:
        try:
            version = require_champion(settings, name)
            if version != known:
                kept.append(_fetched(settings, name, version, folder))
                known, said = version, ""
            while len(kept) > _KEPT:
                shutil.rmtree(kept.pop(0), ignore_errors=True)
        except InputError as error:
            if str(error) != said:
                said = str(error)
                _tell({"error": said})
        time.sleep(poll)


def _fetched(settings: TrackConfig, name: str, version: Version, folder: Path) -> Path:
    # A former version that becomes champion again has been removed by then.
    into = folder / f"{version.version}-{time.time_ns()}"
    into.mkdir(parents=True)
    try:
        artifact = fetch(settings, name, version, into)
    except InputError:
        shutil.rmtree(into, ignore_errors=True)
        raise
    _tell({"folder": str(artifact)})
    return into


def _tell(line: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _end_with_server() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
