"""An MLflow model server on loopback, for the duration of a block."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.programs import free_port
from recsys.errors import InputError
from recsys.serving.mlflow_model.pyfunc import save
from recsys.serving.mlflow_model.request_values import CUSTOMER

_PATIENCE = 120.0
"""Seconds until a server must answer."""


@dataclass(frozen=True)
class Served:
    """A running server.

    Attributes:
        port: on loopback.
        process: the process that was started; its children answer.
    """

    port: int
    process: psutil.Process

    def memory_mb(self) -> float:
        """Resident memory of the server and its children, MiB."""
        family = [self.process, *self.process.children(recursive=True)]
        return float(sum(process.memory_info().rss for process in family)) / 2**20

    def connect(self) -> http.client.HTTPConnection:
        """A connection, which stays open between requests."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)


@contextmanager
def served(artifact: str) -> Iterator[Served]:
    """Starts `mlflow models serve` on an artifact and ends it after the block.

    Raises:
        InputError: the artifact cannot be loaded, or the server did not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        model, log = Path(folder) / "model", Path(folder) / "server.log"
        save(model, artifact)
        port = free_port()
        words = [
            "models", "serve", "--model-uri", str(model), "--env-manager", "local",
            "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        ]  # fmt: skip
        # The server calls `mlflow` and `uvicorn` by name.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        with log.open("wb") as output:
            started = subprocess.Popen(
                [sys.executable, "-m", "mlflow", *words],
                cwd=folder, env={**os.environ, "PATH": path}, stdout=output, stderr=output,
            )  # fmt: skip
            try:
                server = Served(port, psutil.Process(started.pid))
                _wait(server, started, log)
                yield server
            finally:
                end(started)


def ask(
    connection: http.client.HTTPConnection,
    customers: Sequence[Any],
    params: Mapping[str, Any],
    headers: dict[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Recommendations for customers; `http.client.HTTPException` where the server refuses.

    Args:
        connection: to the server.
        customers: their ids.
        params: of the request.
        headers: filled with those of the answer, in lower case; None for nothing.
    """
    records = [{CUSTOMER: customer} for customer in customers]
    return invoke(connection, {"dataframe_records": records, "params": dict(params)}, headers)


def invoke(
    connection: http.client.HTTPConnection,
    request: Mapping[str, Any],
    headers: dict[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Recommendations for a whole request; as `ask`."""
    body = json.dumps(dict(request))
    connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise http.client.HTTPException(f"{answer.status}: {content[:300]!r}")
    if headers is not None:
        headers.update({name.lower(): value for name, value in answer.getheaders()})
    predictions: list[dict[str, Any]] = json.loads(content)["predictions"]
    return predictions


def _wait(server: Served, started: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and started.poll() is None:
        try:
            connection = server.connect()
            connection.request("GET", "/ping")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.2)
    lines = log.read_text(errors="replace").strip().splitlines()
    raise InputError(f"mlflow models serve did not start: {lines[-1] if lines else 'no word'}")


def end(started: subprocess.Popen[Any]) -> None:
    """Ends the server and its children, which would survive a signal to the server alone."""
    try:
        parent = psutil.Process(started.pid)
        family = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.terminate()
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(family, timeout=10)
    for process in alive:
        process.kill()
    started.wait()
