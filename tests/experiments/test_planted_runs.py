"""A run that somebody put into a shared store is no code of theirs in export and ladder."""

import sys
from pathlib import Path
from urllib.parse import unquote

import mlflow
import pytest
import yaml
from script_runner import run_script

from recsys.tracking.read import runs
from recsys.tracking.store import TrackConfig

PLANTED = 'from pathlib import Path\nPath(__file__).with_name("ran").touch()\n'


def test_the_best_run_of_a_shared_store_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mybank.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mybank", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    small = ["data.events=2000", "evaluate.ks=[10]", "evaluate.resamples=20"]
    for model in ("popularity", "segment"):
        assert run_script("train", f"model={model}", *small, cwd=tmp_path) == 0
    store = TrackConfig(uri=f"sqlite:///{tmp_path}/mlflow.db")
    client = mlflow.MlflowClient(store.uri)
    ranked = sorted(runs(store), key=lambda run: -run.intervals("valid")["ndcg@10"].mean)
    best, other = ranked
    folder = unquote(client.get_run(best.run_id).info.artifact_uri.removeprefix("file://"))
    path = Path(folder) / "config.yaml"
    honest = path.read_text()
    assert "uri" not in yaml.safe_load(honest)["track"]

    # Its settings name code; it is the best by its own queries.
    path.write_text(honest.replace(yaml.safe_load(honest)["model"]["_target_"], "mybank.Model"))
    capfd.readouterr()
    assert run_script("export", "out=artifact", cwd=tmp_path) == 2
    said = capfd.readouterr().err
    assert said.startswith(f"error: run {best.run_id[:8]} cannot be repeated: model._target_=")
    assert "set allow=[mybank]" in said
    assert not (tmp_path / "artifact").exists()

    # It claims more than its queries say: the other one is taken, and it is named.
    client.log_metric(best.run_id, "valid/ndcg_10", 0.99)
    assert run_script("export", "out=artifact", cwd=tmp_path) == 0
    captured = capfd.readouterr()
    assert f"skipped run {best.run_id[:8]}: valid ndcg@10 is 0.99" in captured.err
    assert f"{other.model} of run {other.run_id}" in captured.out
    assert not (tmp_path / "ran").exists()
