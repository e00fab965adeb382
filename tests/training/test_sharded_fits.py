"""Gloo processes that hold a part of the vectors each learn what one learns with all of them."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from sharded_fits import CASES
from warm_programs import warm_python

HERE = Path(__file__).parent


def fits(folder: Path, cases: str, steps: int, count: int) -> dict:
    out, store = folder / f"{count}.json", folder / f"{count}.store"
    started = [
        subprocess.Popen(
            [warm_python(), HERE / "sharded_fits.py", out, cases, str(steps), str(rank),
             str(count), store],
            env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(count)
    ]  # fmt: skip
    for process in started:
        _, output = process.communicate(timeout=300)
        assert process.returncode == 0, output
    return json.loads(out.read_text())


def agree(alone: dict, together: dict) -> None:
    assert together.keys() == alone.keys()
    for name, wanted in alone.items():
        result = together[name]
        assert wanted["losses"][-1] < wanted["losses"][0]
        np.testing.assert_allclose(result["losses"], wanted["losses"], rtol=0, atol=1e-5)
        np.testing.assert_allclose(result["folding"], wanted["folding"], rtol=0, atol=1e-4)
        assert result["curve"].keys() == wanted["curve"].keys()
        for metric, value in wanted["metrics"].items():
            assert result["metrics"][metric] == pytest.approx(value, abs=1e-4), (name, metric)


def test_two_processes_with_shards_learn_what_one_learns(tmp_path: Path) -> None:
    cases = "lightgcn,xsimgcl,touchpoint_gnn"
    agree(*(fits(tmp_path, cases, 6, count) for count in (1, 2)))


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 3, 4])
def test_every_network_and_objective_learns_the_same_with_shards(
    tmp_path: Path, count: int
) -> None:
    # From singular vectors, products that the same customers have stay twins, and rounding
    # decides which of them ranks first.
    cases = ",".join(name for name in CASES if name != "lightgcn svd")
    agree(*(fits(tmp_path, cases, 60, number) for number in (1, count)))
