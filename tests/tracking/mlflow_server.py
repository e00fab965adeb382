"""A real MLflow server that is stopped and started again at the same address."""

import os
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from benchmarks.programs import free_port


class Server:
    """`mlflow server` with a database and artifacts in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(self.port),
            "--backend-store-uri", f"sqlite:///{self.folder}/server.db",
            "--artifacts-destination", str(self.folder / "files"),
        ]  # fmt: skip
        with (self.folder / "said.txt").open("ab") as said:
            self._process = subprocess.Popen(
                command, stdout=said, stderr=said, cwd=self.folder, start_new_session=True
            )
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            with suppress(OSError), urllib.request.urlopen(f"{self.uri}/health", timeout=5):
                return
            time.sleep(0.2)
        raise AssertionError((self.folder / "said.txt").read_text())

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None
