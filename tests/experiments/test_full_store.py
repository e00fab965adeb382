"""A store that takes no more costs nobody what a run has measured."""

import json
from pathlib import Path

import pytest
from script_runner import run_train_job
from small_shop import FIT, write_shop

from recsys.tracking.store import TrackConfig, open_store


def train(folder: Path, *words: str) -> int:
    if not (folder / "tables").exists():
        write_shop(folder / "tables")
    track = f"track.uri=sqlite:///{folder}/mlflow.db"
    return run_train_job(*FIT, track, *words, cwd=folder)


@pytest.mark.parametrize("call", ["create_run", "log_batch"])
def test_metrics_are_written_before_anything_of_mlflow(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def full(*_: object, **__: object) -> None:
        raise MlflowException("(sqlite3.OperationalError) database or disk is full\n[SQL: INSERT]")

    open_store(TrackConfig(uri=f"sqlite:///{tmp_path}/mlflow.db"))
    capfd.readouterr()
    monkeypatch.setattr(MlflowClient, call, full)
    assert train(tmp_path) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "could not be logged: (sqlite3.OperationalError) database or disk is full" in said
    assert "the results are in " in said
    (path,) = tmp_path.rglob("metrics.json")
    document = json.loads(path.read_text())
    assert document["valid"]
    assert document["mlflow_run_id"] is None

    monkeypatch.undo()
    assert train(tmp_path) == 0
    assert len(json.loads(path.read_text())["mlflow_run_id"]) == 32
    assert sorted(file.name for file in path.parent.iterdir()) == [".logging", "metrics.json"]
