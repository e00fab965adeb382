"""Tuning by its command: what it leaves behind, and what a kill takes from it (nothing)."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from warm_programs import warm_python

from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.study import Study
from recsys.tracking.read import runs
from recsys.tracking.store import TrackConfig, open_to_read
from recsys.tracking.study import PARENT

ROOT = Path(__file__).parents[2]
TRIALS = 6


def command(folder: Path, *words: str) -> list[str]:
    return [
        sys.executable, str(ROOT / "scripts" / "tune.py"), "model=item_knn", "data.events=5000",
        "study.minutes=null", f"study.trials={TRIALS}", f"study.out={folder}/best.yaml",
        "evaluate.resamples=100", *words,
    ]  # fmt: skip


def tune(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [warm_python(), *command(folder, *words)[1:]], cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def trials(folder: Path) -> list:
    config = StudyConfig(storage=str(folder / "tune.db"))
    return Study("simulated_item_knn", config, seed=0).finished()


def children(folder: Path) -> list:
    client = open_to_read(TrackConfig(uri=f"sqlite:///{folder}/mlflow.db"))
    experiment = client.get_experiment_by_name("recsys").experiment_id
    return client.search_runs([experiment], "tags.kind = 'trial'")


def test_tuning_leaves_trials_an_experiment_file_and_runs(tmp_path: Path) -> None:
    done = tune(tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(trials(tmp_path)) == TRIALS
    assert {run.info.status for run in children(tmp_path)} <= {"FINISHED", "KILLED"}
    overlay = yaml.safe_load((tmp_path / "best.yaml").read_text())
    assert overlay["defaults"] == [
        {"override /data": "simulated"},
        {"override /split": "time"},
        {"override /model": "item_knn"},
    ]  # fmt: skip
    best = max((t for t in trials(tmp_path) if t.value is not None), key=lambda trial: trial.value)
    assert overlay["model"]["shrink"] == best.params["shrink"]
    (repeat,) = runs(TrackConfig(uri=f"sqlite:///{tmp_path}/mlflow.db"))
    assert repeat.config["model"]["shrink"] == best.params["shrink"]
    assert PARENT in repeat.tags
    again = tune(tmp_path)
    assert again.returncode == 0, again.stderr
    assert "MLflow run: " in done.stdout
    assert "MLflow run: " not in again.stdout
    assert len(trials(tmp_path)) == len(children(tmp_path)) == TRIALS


def test_a_first_trial_that_cannot_run_ends_the_study_in_one_line(tmp_path: Path) -> None:
    done = tune(tmp_path, "model=ease", "model.memory_gb=1e-9")
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "the first trial of study simulated_ease failed: model.memory_gb" in errors[0]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "best.yaml").exists()


@pytest.mark.slow
def test_kills_at_random_moments_lose_and_double_no_trial(tmp_path: Path) -> None:
    generator = random.Random(0)
    for attempt in range(6):
        started = subprocess.Popen(
            command(tmp_path, "study.processes=2", "study.trials=20"), cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(generator.uniform(6, 14))
        # At times the workers live on, as when one process is killed for its memory.
        kill = os.killpg if attempt % 2 else os.kill
        kill(started.pid, signal.SIGKILL)
        started.wait()
    before = {trial.number: trial.value for trial in trials(tmp_path)}
    done = tune(tmp_path, "study.processes=2", "study.trials=20")
    assert done.returncode == 0, done.stderr
    ended = {trial.number: trial for trial in trials(tmp_path)}
    assert len(ended) == 20
    assert {number: ended[number].value for number in before} == before
    assert len({str(trial.params) for trial in ended.values()}) == 20
    logged = sorted(int(run.data.tags["trial"]) for run in children(tmp_path))
    assert logged == sorted(ended)
    assert not any(run.info.status == "RUNNING" for run in children(tmp_path))
