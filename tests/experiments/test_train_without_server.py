"""A run whose MLflow server is away ends with its result, which is sent later."""

import json
from pathlib import Path

import pytest
from script_runner import run_script, run_train_job
from small_shop import FIT, write_shop

from recsys.tracking.read import runs
from recsys.tracking.store import TrackConfig
from recsys.tracking.unsent import UNSENT


def test_a_run_without_its_server_is_kept_and_sent_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_shop(tmp_path / "tables")
    assert run_train_job(*FIT, "track.uri=http://me:secret@127.0.0.1:9", cwd=tmp_path) == 0
    said = capfd.readouterr()
    first, last = said.err.splitlines()
    assert first.startswith("track.uri=http://***@127.0.0.1:9 cannot be used: the server does not")
    assert last.endswith(f"{UNSENT}: send it with recsys sync")
    assert "secret" not in said.err + said.out
    path = tmp_path / "outputs" / "job" / "metrics.json"
    document = json.loads(path.read_text())
    assert document["valid"]
    assert document["mlflow_run_id"] is None

    # With its password the address is nowhere; another store takes it as well.
    assert run_script("sync", "folder=outputs", cwd=tmp_path) == 2
    assert "holds a password, and is not kept; set track.uri=URI" in capfd.readouterr().err
    words = ["folder=outputs", f"track.uri=sqlite:///{tmp_path}/other.db"]
    assert run_script("sync", *words, cwd=tmp_path) == 0
    assert "1 run sent to sqlite:///" in capfd.readouterr().out
    assert run_script("sync", *words, cwd=tmp_path) == 0
    assert "nothing is kept in outputs" in capfd.readouterr().out
    (run,) = runs(TrackConfig(uri=words[1].removeprefix("track.uri=")))
    assert json.loads(path.read_text()) == {**document, "mlflow_run_id": run.run_id}
    assert run.metrics_json["mlflow_run_id"] == run.run_id
    assert list(tmp_path.rglob(UNSENT)) == []
