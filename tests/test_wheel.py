"""What is shipped: the wheel holds the library and its conf, and runs without a checkout."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from library_shop import frames
from test_library import PROGRAM

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow

MOST_BYTES = 2_000_000
"""The sources alone have 1.7 million; data among them would be more."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("hatchling") is None or importlib.util.find_spec("pip") is None:
        pytest.skip("hatchling and pip are needed to build: pip install '.[dev]'")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--quiet", "--wheel-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("recsys-*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(unpacked: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m recsys.cli.main` with the unpacked wheel alone on PYTHONPATH."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "OMP_NUM_THREADS": "1"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    return subprocess.run(
        [sys.executable, "-m", "recsys.cli.main", *words],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_wheel_is_small_and_holds_the_library_with_its_conf_alone(wheel: Path) -> None:
    assert wheel.stat().st_size <= MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
        text = archive.read(entry_points).decode()
    assert "recsys = recsys.cli.main:main" in text
    assert {name.split("/")[0].split("-")[0] for name in names} == {"recsys", "hydra_plugins"}
    shipped = {name.removeprefix("recsys/") for name in names}
    for path in (ROOT / "conf").rglob("*.yaml"):
        assert path.relative_to(ROOT).as_posix() in shipped
    for path in (ROOT / "recsys" / "reports" / "templates").iterdir():
        assert path.relative_to(ROOT / "recsys").as_posix() in shipped
    assert "py.typed" in shipped
    assert not [name for name in names if "__pycache__" in name]


def test_help_and_version_run_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    for words in (["--help"], ["--version"], ["train", "--help"], ["tune", "--help"]):
        done = run(unpacked, tmp_path, *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_program_of_the_readme_runs_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    for name, table in frames().items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    read = "; ".join(f"{name} = read_parquet('{name}.parquet')" for name in frames())
    code = (
        f"from pandas import read_parquet; {read}\n{PROGRAM}\nimport recsys; print(recsys.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(unpacked / "recsys" / "__init__.py")
    assert (tmp_path / "artifacts" / "best" / "manifest.json").is_file()


def test_the_benchmarks_are_of_a_checkout(unpacked: Path, tmp_path: Path) -> None:
    done = run(unpacked, tmp_path, "benchmark", "suite=evaluation")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: benchmark runs in a checkout only: a wheel holds no benchmarks/"
    ]


def test_a_run_and_a_study_work_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    store, small = f"track.uri=sqlite:///{tmp_path}/mlflow.db", "data.events=2000"
    run_folder = f"hydra.run.dir={tmp_path}/run"
    done = run(unpacked, tmp_path, "train", "model=popularity", small, store, run_folder)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["model"] == "popularity"

    words = ["model=item_knn", small, store, "study.trials=2", "study.seeds=0", "study.name=small"]
    done = run(unpacked, tmp_path, "tune", *words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "conf" / "experiment" / "tuned" / "small.yaml").is_file()
    assert not (unpacked / "recsys" / "conf" / "experiment" / "tuned" / "small.yaml").exists()
    (advice,) = [line for line in done.stdout.splitlines() if "--config-dir" in line]

    command = advice.split("recsys ", 1)[1].split()
    done = run(unpacked, tmp_path, *command, small, store)
    assert done.returncode == 0, done.stderr
    assert "item_knn" in done.stdout
