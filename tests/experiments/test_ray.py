"""On Ray a sweep and a study end with what they end with here, digit for digit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from warm_programs import warm_python

from recsys.errors import InputError
from recsys.experiments.ray_cluster import connected, enter_folder
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.study import Study

ROOT = Path(__file__).parents[2]
SMALL = ("data.events=5000", "evaluate.resamples=50")
TUNE = ("model=item_knn", "study.minutes=null", "study.trials=6", "study.seeds=0", *SMALL)


@pytest.fixture(scope="module")
def ray() -> None:
    pytest.importorskip("ray", reason="Ray is not installed: make test-ray")


def command(python: str, folder: Path, name: str, *words: str) -> list[str]:
    store = f"track.uri=sqlite:///{folder}/mlflow.db"
    return [python, str(ROOT / "scripts" / f"{name}.py"), *words, store]


def run(python: str, folder: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        command(python, folder, name, *words), cwd=folder, capture_output=True, text=True,
        check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def metrics(folder: Path) -> dict:
    found = {
        path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/metrics.json")
    }
    return {
        job: (result["model"], result["seed"], result["valid"]) for job, result in found.items()
    }


def trials(folder: Path) -> list:
    study = Study("simulated_item_knn", StudyConfig(storage=str(folder / "tune.db")), seed=0)
    return [(trial.number, trial.params, trial.value) for trial in study.finished()]


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_a_sweep_has_the_metrics_and_the_failures_of_one_without_ray(tmp_path: Path) -> None:
    words = ("-m", "model=als", "model.dim=8,-1,16", "model.epochs=2", *SMALL)
    words += ("hydra.sweep.dir=jobs",)
    here = run(warm_python(), tmp_path / "here", "train", *words)
    there = run(sys.executable, tmp_path / "ray", "train", *words, "hydra/launcher=ray")
    assert (here.returncode, there.returncode) == (2, 2), there.stderr
    wanted = metrics(tmp_path / "here" / "jobs")
    assert len(wanted) == 2
    assert metrics(tmp_path / "ray" / "jobs") == wanted
    line = "error: job 1 (model.dim=-1): model.dim: expected a number >= 1 and <= 4096, got -1\n"
    assert here.stderr.endswith(line)
    assert there.stderr.endswith(line)


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_a_study_has_the_trials_of_one_without_ray(tmp_path: Path) -> None:
    here = run(warm_python(), tmp_path / "here", "tune", *TUNE, "study.out=best.yaml")
    there = run(
        sys.executable, tmp_path / "ray", "tune", *TUNE, "study.out=best.yaml", "study.ray=local"
    )
    assert (here.returncode, there.returncode) == (0, 0), there.stderr
    wanted = trials(tmp_path / "here")
    assert len(wanted) == 6
    assert trials(tmp_path / "ray") == wanted
    best = [(tmp_path / folder / "best.yaml").read_text() for folder in ("here", "ray")]
    settings = [[line for line in text.splitlines() if line[0] != "#"] for text in best]
    assert settings[0] == settings[1]


@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_a_first_trial_that_cannot_run_ends_the_study_in_one_line(tmp_path: Path) -> None:
    bad = ("model=ease", "model.memory_gb=1e-9", "study.ray=local", *TUNE[1:])
    done = run(sys.executable, tmp_path, "tune", *bad, "study.out=best.yaml")
    assert done.returncode == 2, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: the first trial of study simulated_ease failed: model.memory_gb")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "best.yaml").exists()


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.usefixtures("ray")
def test_a_killed_study_continues_on_ray(tmp_path: Path) -> None:
    words = ("study.ray=local", "study.processes=2", "study.trials=40", "study.out=best.yaml")
    started = subprocess.Popen(
        command(sys.executable, tmp_path, "tune", *TUNE, *words), cwd=tmp_path,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 240
    while not ((tmp_path / "tune.db").exists() and trials(tmp_path)):
        assert time.monotonic() < until, "no trial ended"
        time.sleep(1)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    before = trials(tmp_path)
    assert len(before) < 40
    done = run(sys.executable, tmp_path, "tune", *TUNE, *words)
    assert done.returncode == 0, done.stderr
    ended = trials(tmp_path)
    assert len(ended) == 40
    assert [trial for trial in ended if trial in before] == before
    assert len({str(params) for _, params, _ in ended}) == 40


def test_what_ray_cannot_do_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="expected local, auto or HOST:PORT"):
        connected("ray://head:10001", "study.ray").__enter__()
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        InputError, match=r"study\.ray: needs the library ray; pip install"
    ) as error:
        connected("local", "study.ray").__enter__()
    assert error.value.key == "study.ray"
    with pytest.raises(InputError, match="in a folder that all machines of the cluster see"):
        enter_folder(str(tmp_path / "elsewhere"))
