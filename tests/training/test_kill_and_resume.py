"""Killed with SIGKILL five times at random moments, a fit ends with the same weights."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).with_name("killed_fit.py")


def started(folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, SCRIPT, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "fitting\n"
    return process


@pytest.mark.slow
def test_five_kills_change_no_bit(tmp_path: Path) -> None:
    begun = time.monotonic()
    undisturbed = started(tmp_path / "undisturbed")
    begun = time.monotonic()
    assert undisturbed.wait(timeout=300) == 0
    seconds = time.monotonic() - begun

    generator, resumed = random.Random(0), 0
    for _ in range(5):
        process = started(tmp_path / "killed")
        time.sleep(generator.uniform(0.1, 0.18) * seconds)
        assert process.poll() is None, "it ended before it was killed: give it more to do"
        os.kill(process.pid, signal.SIGKILL)
        _, output = process.communicate()
        resumed += "resumed from" in output
    last = started(tmp_path / "killed")
    assert last.wait(timeout=300) == 0
    resumed += "resumed from" in last.communicate()[1]
    assert resumed >= 4
    with (
        np.load(tmp_path / "undisturbed" / "vectors.npz") as wanted,
        np.load(tmp_path / "killed" / "vectors.npz") as result,
    ):
        for name in ("customers", "products"):
            np.testing.assert_array_equal(result[name], wanted[name])
