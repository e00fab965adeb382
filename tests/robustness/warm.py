"""Scripts in processes of their own, forked off one that has imported everything already.

Such a process dies of SIGKILL as any does; only the seconds of its imports are saved.
"""

import multiprocessing
import os
import resource
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["warm_imports"])


@dataclass(frozen=True)
class Done:
    """How a script ended: its code (negative for a signal), what it said, and how long it took."""

    code: int
    said: str
    seconds: float


class Started:
    """A script that runs."""

    def __init__(self, script: str, words: list[str], folder: Path, limit: int | None) -> None:
        self._log = folder / f"said-{script}-{time.monotonic_ns()}.txt"
        self._log.touch()
        _warm_up()
        self._began = time.monotonic()
        self.process: BaseProcess = _CONTEXT.Process(
            target=_run, args=(script, words, folder, self._log, limit)
        )
        self.process.start()

    def kill(self, after: float) -> bool:
        """Kills it so many seconds after its start, its children too; False where it had ended."""
        time.sleep(max(0.0, self._began + after - time.monotonic()))
        alive = self.process.is_alive()
        assert self.process.pid is not None
        if alive:
            os.kill(self.process.pid, signal.SIGKILL)
        return alive and self.end().code == -signal.SIGKILL

    def end(self) -> Done:
        """Waits for its end."""
        self.process.join(timeout=300)
        assert self.process.exitcode is not None, self._log.read_text()
        said = self._log.read_text()
        self._log.unlink(missing_ok=True)
        return Done(self.process.exitcode, said, time.monotonic() - self._began)


def start(script: str, *words: str, folder: Path, limit: int | None = None) -> Started:
    """Starts a script in a folder; `limit` are the bytes that any of its files may have."""
    return Started(script, list(words), folder, limit)


def run(script: str, *words: str, folder: Path, limit: int | None = None) -> Done:
    """Runs a script to its end."""
    return start(script, *words, folder=folder, limit=limit).end()


def _warm_up() -> None:
    # The server finds what it is to import by the environment alone.
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        patch.setenv("OMP_NUM_THREADS", "1")
        forkserver.ensure_running()


def _run(script: str, words: list[str], folder: Path, log: Path, limit: int | None) -> None:
    from script_runner import run_script

    with log.open("ab", buffering=0) as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    # What the server imported may have replaced them.
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    code = run_script(script, *words, cwd=folder)
    sys.exit(code)
