"""Two gloo processes that share every batch learn what one learns from all of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gloo import run_together

from benchmarks.programs import free_port
from recsys.training.processes import Processes

SCRIPT = Path(__file__).parents[2] / "scripts" / "train.py"
TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]


def fitted(folder: Path, model: str, objective: str, count: int) -> dict:
    out, store = folder / f"{objective}-{count}.json", folder / f"{objective}-{count}.store"
    ended = run_together("several_processes.py", out, model, objective, count=count, store=store)
    assert [code for code, _ in ended] == [0] * count, ended
    return json.loads(out.read_text())


@pytest.mark.parametrize(
    ("model", "objective"),
    [
        pytest.param("LightGCN", "Softmax", marks=pytest.mark.slow),
        ("LightGCN", "InBatchSoftmax"),  # its negatives come from both processes
        pytest.param("LightGCN", "BPR", marks=pytest.mark.slow),
        ("TouchpointGNN", "Softmax"),
    ],
)  # fmt: skip
def test_two_processes_learn_what_one_learns(tmp_path: Path, model: str, objective: str) -> None:
    alone, together = (fitted(tmp_path, model, objective, count) for count in (1, 2))
    assert len(alone["losses"]) == 200
    assert alone["losses"][-1] < alone["losses"][0]
    np.testing.assert_allclose(together["losses"], alone["losses"], rtol=0, atol=1e-5)
    assert together["curve"].keys() == alone["curve"].keys()
    for name, value in alone["metrics"].items():
        assert together["metrics"][name] == pytest.approx(value, abs=1e-4)


@pytest.mark.slow
def test_torchrun_starts_the_script(tmp_path: Path) -> None:
    """One run in MLflow, one folder, and the metrics of a run in one process."""
    words = ["model=lightgcn", "model.epochs=3", "data.events=20000", "evaluate.test=true"]
    words += [f"track.uri=sqlite:///{tmp_path}/mlflow.db"]
    launchers = {"one": [sys.executable], "two": [*TORCHRUN, "--nproc-per-node=2"]}
    result = {}
    for name, launcher in launchers.items():
        folder = tmp_path / name
        subprocess.run(
            [*launcher, SCRIPT, *words, f"hydra.run.dir={folder}"],
            env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True, timeout=300, cwd=tmp_path,
        )  # fmt: skip
        result[name] = json.loads((folder / "metrics.json").read_text())
        assert sorted(path.name for path in folder.iterdir()) == ["config", "metrics.json"]
    for part in ("valid", "test"):
        for metric, share in result["one"][part].items():
            assert result["two"][part][metric]["mean"] == pytest.approx(share["mean"], abs=2e-3)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [
        "mlartifacts", "one", "two",
    ]  # fmt: skip
    refused = subprocess.run(
        [*TORCHRUN, "--nproc-per-node=2", SCRIPT, "model=popularity", *words[3:]],
        capture_output=True, text=True, check=False, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    assert "model=popularity is fitted by one process" in refused.stderr


@pytest.mark.slow
def test_torchrun_shards_over_processes_and_over_machines(tmp_path: Path) -> None:
    words = ["model=lightgcn", "model.epochs=2", "model.start=random", "data.events=20000"]
    words += ["evaluate.test=true", "model.shard=true", f"track.uri=sqlite:///{tmp_path}/mlflow.db"]
    port = free_port()
    over_machines = [
        "--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", "--rdzv-id=test",
        f"--rdzv-endpoint=127.0.0.1:{port}",
    ]  # fmt: skip
    launchers = {
        "one": [[sys.executable]],
        "two": [[*TORCHRUN, "--nproc-per-node=2"]],
        "four": [[*TORCHRUN, "--nproc-per-node=4"]],
        "two_machines": [[*TORCHRUN, *over_machines]] * 2,
    }
    result = {}
    for name, starts in launchers.items():
        folder = tmp_path / name
        started = [
            subprocess.Popen(
                [*launcher, SCRIPT, *words, f"hydra.run.dir={folder}"], cwd=tmp_path,
                env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL,
            )
            for launcher in starts
        ]  # fmt: skip
        assert [process.wait(timeout=300) for process in started] == [0] * len(started)
        result[name] = json.loads((folder / "metrics.json").read_text())
    for name in ("two", "four", "two_machines"):
        for part in ("valid", "test"):
            for metric, share in result["one"][part].items():
                mean = result[name][part][metric]["mean"]
                assert mean == pytest.approx(share["mean"], abs=1e-4), (name, metric)


def test_shares_are_consecutive_and_whole() -> None:
    for count in (1, 2, 3, 7):
        for size in (0, 1, 2, 10, 1000):
            shares = [Processes(rank, count).share(size) for rank in range(count)]
            positions = [
                position for share in shares for position in range(share.start, share.stop)
            ]
            assert positions == list(range(size))
