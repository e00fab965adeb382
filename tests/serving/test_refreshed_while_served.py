"""A server takes in what replaces its artifact; a refresh ends when it has; kills harm nothing."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
from artifact_contents import contents

from benchmarks.served import Served, ask, end
from recsys.errors import InputError
from recsys.ops.whole_folder import replaced
from recsys.serving import load, write
from recsys.serving.http.acknowledge import Acknowledgement, served_folder, wait_for_servers
from recsys.serving.storage import digest_of

KNOWN = "C0001"


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[Served]:
    """`recsys serve` on a folder, for the duration of a block."""
    started = subprocess.Popen(
        [sys.executable, "-m", "recsys", "serve", f"artifact={folder}", "port=0", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        line = started.stdout.readline()
        address = re.search(r":(\d+)/invocations", line)
        assert address, line + started.stderr.read()
        yield Served(int(address[1]), psutil.Process(started.pid))
    finally:
        end(started)


def replace_by(folder: Path, **changes: Any) -> str:
    """Replaces an artifact as a refresh does; the digest of the new one."""
    write(folder, contents(default_customer=np.full(5, 0.5, np.float32), **changes), overwrite=True)
    return digest_of(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    replace_by(tmp_path / "artifact")
    return tmp_path / "artifact"


def test_a_server_takes_in_new_versions_and_never_mixes_them(folder: Path, tmp_path: Path) -> None:
    """One server for all, because starting it takes most of the time."""
    versions = {digest_of(folder): load(folder)}
    log = tmp_path / "log" / "decisions"
    with serving(folder, f"log={log}", "log_customers=plain") as server:
        over, answers, failures = threading.Event(), [], []
        client = threading.Thread(target=_ask_on, args=(server, over, answers, failures))
        client.start()
        for seed in (1, 2):
            digest = replace_by(folder, seed=seed, consent=np.full((40, 3), seed == 2))
            versions[digest] = load(folder)
            assert wait_for_servers(served_folder(folder), digest, 30) == 1
            # The first request after the wait: without consent there is nothing.
            (answer,), taken = _answer(server)
            assert taken == digest
            assert bool(answer["offers"]) == (seed == 2)
        over.set()
        client.join()
        assert failures == []
        assert {taken for _, taken in answers} >= set(list(versions)[1:])
        for (answer,), taken in answers:
            right = versions[taken].recommend(KNOWN, k=3, at="as_of")
            assert [offer["product_id"] for offer in answer["offers"]] == [
                offer.product_id for offer in right.offers
            ]
        _a_damaged_version_is_not_taken_in(server, folder, digest)
    # It ended by a signal, and has written what waited.
    assert not list(served_folder(folder).iterdir())
    logged = pd.concat([pd.read_parquet(path) for path in log.iterdir()])
    assert set(logged.model_version) <= {one.contents.version for one in versions.values()}
    assert len(logged) >= 3


def _ask_on(server: Served, over: threading.Event, answers: list, failures: list) -> None:  # type: ignore[type-arg]
    while not over.is_set():
        try:
            answers.append(_answer(server))
        except Exception as error:
            failures.append(error)


def _answer(server: Served) -> tuple[Any, str]:
    connection = server.connect()
    headers: dict[str, str] = {}
    answer = ask(connection, [KNOWN], {"k": 3, "at": "as_of"}, headers)
    connection.close()
    return answer, headers["x-artifact"]


def _a_damaged_version_is_not_taken_in(server: Served, folder: Path, digest: str) -> None:
    with replaced(folder) as draft:
        shutil.copytree(folder, draft, dirs_exist_ok=True)
        (draft / "ids.parquet").write_bytes(b"damaged")
        # Another manifest, or there would be nothing new.
        (draft / "manifest.json").write_bytes((draft / "manifest.json").read_bytes() + b" ")
    with pytest.raises(InputError, match="1 of 1 servers still answer by the former one"):
        wait_for_servers(served_folder(folder), digest_of(folder), 0.5)
    assert _answer(server)[1] == digest


def test_dead_servers_are_not_waited_for(tmp_path: Path) -> None:
    folder = served_folder(tmp_path / "artifact")
    assert wait_for_servers(folder, "ab", 0) == 0
    first = Acknowledgement(folder, 5000)
    with pytest.raises(InputError, match=r"process \d+ on port 5000"):
        wait_for_servers(folder, "ab", 0)
    first.write("ab".ljust(64))
    assert wait_for_servers(folder, "ab".ljust(64), 0) == 1
    (folder / "999999-1").write_text("of a dead server")
    assert wait_for_servers(folder, "ab".ljust(64), 0) == 1
    assert [path.name for path in folder.iterdir()] == [first.path.name]
    first.close()
    assert wait_for_servers(folder, "cd", 0) == 0


WRITER = """
import sys
sys.path[:0] = ["tests/serving"]
from artifact_contents import contents
from recsys.serving import write
from recsys.serving.storage import ReplacedError, digest_of
print("ready", flush=True)
seed = 0
while True:
    seed += 1
    try:
        write(sys.argv[1], contents(400, 300, seed=seed), True, replaces=digest_of(sys.argv[1]))
    except ReplacedError:
        pass
"""


def test_killed_writers_leave_a_whole_artifact_and_two_at_once_too(folder: Path) -> None:
    root = Path(__file__).parents[2]
    for attempt in range(3):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(folder)], cwd=root, stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(root)},
            )
            for _ in range(2)
        ]  # fmt: skip
        for writer in writers:
            writer.stdout.readline()
        time.sleep(0.05 + 0.07 * attempt)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
        assert len(load(folder).contents.products) in (30, 300)
    shutil.rmtree(folder)
    replace_by(folder)
    # What the killed ones left beside it is removed by the next writer.
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
