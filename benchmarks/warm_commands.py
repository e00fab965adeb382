"""Commands in processes of their own, forked off a server that has imported what they need.

Such a process dies of SIGKILL as any does, and the processes that it has started die with it; only
the seconds of its imports are saved.
"""

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.programs import environment

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["benchmarks.warm_imports"])
_PATIENCE = 900
"""Seconds after which a command counts as hanging."""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: negative for a signal.
        said: on stdout and stderr.
        seconds: from its start.
    """

    code: int
    said: str
    seconds: float


class Command:
    """`recsys` with words, started in a folder.

    Args:
        words: the command and its settings.
        folder: current folder of the process; a file there has what it says, until its end.
        limit: bytes that each of its files may have; None for no limit.
    """

    def __init__(self, *words: str, folder: Path, limit: int | None = None) -> None:
        self._said = folder / f"said-{time.monotonic_ns()}.txt"
        self._said.touch()
        # The server finds what it imports by the environment alone.
        with patch.dict(os.environ, environment()):
            forkserver.ensure_running()
        self._began = time.monotonic()
        self._process: BaseProcess = _CONTEXT.Process(
            target=_become, args=(words, folder, self._said, limit)
        )
        self._process.start()

    def kill(self, after: float) -> bool:
        """Kills it and what it started, so long after its start; False where it had ended."""
        time.sleep(max(0.0, self._began + after - time.monotonic()))
        if not self._process.is_alive():
            return False
        process = self._process.pid
        assert process is not None
        # It leads a group from its first moment on, or has started nothing yet.
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        return self.end().code == -signal.SIGKILL

    def end(self) -> Ended:
        """Waits for its end."""
        self._process.join(timeout=_PATIENCE)
        code = self._process.exitcode
        assert code is not None, f"a command hangs: {self._said.read_text()}"
        said = self._said.read_text()
        self._said.unlink(missing_ok=True)
        return Ended(code, said, time.monotonic() - self._began)


def run(*words: str, folder: Path, limit: int | None = None) -> Ended:
    """Runs a command to its end; arguments as of `Command`."""
    return Command(*words, folder=folder, limit=limit).end()


def _become(words: Sequence[str], folder: Path, log: Path, limit: int | None) -> None:
    os.setpgid(0, 0)
    with log.open("ab", buffering=0) as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    # What the server imported may have replaced them.
    sys.stdout, sys.stderr = (os.fdopen(n, "w", buffering=1, closefd=False) for n in (1, 2))
    os.chdir(folder)
    start = multiprocessing.get_context

    def without_imports(method: str | None = None) -> Any:
        return start("fork" if method == "spawn" else method)

    multiprocessing.get_context = without_imports
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    from recsys.cli.main import main

    sys.argv = ["recsys", *words]
    main(words)
