"""`recsys evaluate_policy`: what it prints, writes and refuses."""

from pathlib import Path
from typing import Any

import pytest
from policy_log import decisions, probabilities

from recsys import Dataset, Popularity, export
from recsys.cli import evaluate_policy
from recsys.cli.main import main
from recsys.tracking.report import Report

TABLE = decisions()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    TABLE.to_parquet("log.parquet")
    probabilities(TABLE, [0.2, 0.2, 0.6]).to_parquet("target.parquet")
    return tmp_path


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What would go to MLflow; a new store takes ten seconds."""
    kept: dict[str, Any] = {}

    def keep(report: Report, _: object) -> str:
        kept.update(vars(report))
        return "0123"

    monkeypatch.setattr(evaluate_policy, "log_standalone", keep)
    return kept


def code_of(*words: str) -> int:
    try:
        main(["evaluate-policy", *words])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_two_policies_are_printed_written_and_kept(
    folder: Path, logged: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["decisions=log.parquet", "target=target.parquet", "versus=uniform", "out=page"]
    assert code_of(*words, "resamples=200") == 0
    printed = capsys.readouterr().out
    assert printed.count("read dr_shrinkage") == 2
    assert "target.parquet would have earned more than uniform" in printed
    assert {path.name for path in (folder / "page").iterdir()} == set(logged["files"])
    assert logged["kind"] == "policy_value"
    assert logged["name"] == "policy value log: target.parquet against uniform"
    value = logged["metrics"]["target/value"]
    assert value.mean == pytest.approx(0.44, abs=0.05)
    assert value.low < value.mean < value.high
    assert logged["metrics"]["target/over_versus"].low > 0
    (log,) = logged["data_sets"]
    assert (log.name, log.context, log.facts["decisions"]) == ("log", "decisions", len(TABLE))
    assert logged["params"]["target"] == "target.parquet"


def test_a_source_has_decisions(
    folder: Path, logged: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    events = TABLE[["customer_id", "touchpoint", "timestamp"]].assign(product_id="loan")
    (folder / "bank").mkdir()
    events.to_parquet(folder / "bank" / "interactions.parquet")
    TABLE.to_parquet(folder / "bank" / "decisions.parquet")
    words = ["data=files", "data.root=bank", "target=uniform", "estimators=dr", "resamples=50"]
    assert code_of(*words) == 0
    assert "read dr" in capsys.readouterr().out
    assert logged["tags"] == {"data": "bank"}


def test_an_artifact_chooses_as_told_and_may_leave_decisions_out(
    folder: Path, logged: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    app = TABLE[TABLE["touchpoint"] == "app"]
    events = app[["customer_id", "touchpoint", "timestamp"]].assign(product_id=app["offer_id"])
    data = Dataset.from_frames(events, filter_seen=False)
    export(Popularity().fit(data), data, folder / "best")
    web = TABLE["touchpoint"] == "web"
    TABLE.assign(offer_id=TABLE["offer_id"].mask(web, "gold")).to_parquet("gold.parquet")
    words = ["decisions=gold.parquet", "target=artifact:best", "choose=epsilon:0.3"]
    assert code_of(*words) == 2
    assert "set unoffered=drop" in capsys.readouterr().err
    assert code_of(*words, "unoffered=drop", "resamples=50", "estimators=snips,dr") == 0
    printed = capsys.readouterr().out
    assert "epsilon:0.3 by the scores of the artifact best" in printed
    assert "600 of 1,200 decisions are left out (unoffered=drop)" in printed
    assert "600 of 1,200 decisions are left out" in logged["note"]


def test_cells_too_small_to_show_what_is_possible_are_named(
    folder: Path, logged: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    del folder
    words = ["data=simulated", "data.events=5000", "target=uniform", "by=month,touchpoint"]
    assert code_of(*words) == 2
    said = capsys.readouterr().err
    assert "target=uniform: propensities: expected weights with a mean of 1" in said
    assert "set by= to fewer columns" in said
    assert not logged


LOG = "decisions=log.parquet"
BAD = {
    "no target": ([LOG], "say target=FILE"),
    "no log": (["target=uniform"], "say decisions=FILE, or data=NAME"),
    "two logs": ([LOG, "data=simulated", "target=uniform"], "say decisions=FILE, or data=NAME"),
    "no file": (["decisions=no.csv", "target=uniform"], "decisions=no.csv: expected a file"),
    "a log that is text": (["decisions=text.parquet", "target=uniform"], "decisions: text.parquet"),
    "no source": (["data=bank", "target=uniform"], "data: expected one of", "got 'bank'"),
    "source without root": (["data=open_bandit", "target=uniform"], "data.root is not set"),
    "a key of another source": (
        ["data=simulated", "data.campaign=men", "target=uniform"], "data.campaign",
    ),
    "misspelt key": ([LOG, "taget=uniform"], "unknown argument 'taget=uniform'; did you mean"),
    "unknown touchpoint": (
        [LOG, "target=uniform", "touchpoint=push"],
        "touchpoint=push: the log has no such decision; it has app, web",
    ),
    "unknown policy": ([LOG, "target=uniform", "policy=x"], "policy=x: the log has no such"),
    "unknown cell": ([LOG, "target=uniform", "by=year"], "by: expected some of touchpoint, month"),
    "unknown reward": ([LOG, "target=uniform", "reward=cash"], "reward: expected accept or reward"),
    "unknown model": ([LOG, "target=uniform", "reward_model=net"], "reward_model: expected mean"),
    "unknown estimator": ([LOG, "target=uniform", "estimators=best"], "estimators: expected names"),
    "unknown interval": ([LOG, "target=uniform", "interval=exact"], "interval: expected bootstrap"),
    "level of 95": ([LOG, "target=uniform", "level=95"], "level: expected a number from 0 to 1"),
    "level of 1": ([LOG, "target=uniform", "level=1"], "level: expected a number between 0 and 1"),
    "folds in words": ([LOG, "target=uniform", "folds=few"], "folds: expected a whole number"),
    "one fold": ([LOG, "target=uniform", "folds=1"], "folds: expected 2 to 400"),
    "seed below 0": ([LOG, "target=uniform", "seed=-1"], "seed: expected a whole number from 0"),
    "out named as a file": ([LOG, "target=uniform", "out=page.html"], "out=page.html: expected a"),
    "few effective": (
        [LOG, "target=uniform", "minimum_effective=5000"],
        "target=uniform: the log of 1,200 carries an effective sample of",
    ),
    "a choice without an artifact": (
        [LOG, "target=uniform", "choose=epsilon:0.1"], "choose=epsilon:0.1 is for target=artifact",
    ),
    "a drop without an artifact": (
        [LOG, "target=uniform", "unoffered=drop"], "unoffered=drop is for target=artifact:FOLDER",
    ),
    "unknown unoffered": ([LOG, "target=artifact:no", "unoffered=x"], "unoffered: expected refuse"),
    "no artifact": ([LOG, "target=artifact:no"], "no"),
    "no features": ([LOG, "target=uniform", "features=no.csv"], "features=no.csv: expected a file"),
    "features of nobody": ([LOG, "target=uniform", "features=log.parquet"], "features: "),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_code_2(
    name: str, folder: Path, logged: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "text.parquet").write_text("no parquet")
    before = sorted(folder.iterdir())
    words, *says = BAD[name]
    assert code_of(*words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert all(part in lines[0] for part in says)
    assert not logged
    assert sorted(folder.iterdir()) == before


@pytest.mark.slow
def test_a_report_is_a_run_of_mlflow_that_models_do_not_see(folder: Path) -> None:
    from mlflow import MlflowClient

    from recsys.tracking.read import runs
    from recsys.tracking.store import TrackConfig

    store = f"sqlite:///{folder}/mlflow.db"
    assert code_of(LOG, "target=uniform", "resamples=50", f"track.uri={store}") == 0
    client = MlflowClient(store)
    (run,) = client.search_runs([client.get_experiment_by_name("recsys").experiment_id])
    assert run.data.tags["kind"] == "policy_value"
    assert run.data.metrics["logged/value"] == pytest.approx(TABLE["reward"].mean() / 20)
    assert {file.path for file in client.list_artifacts(run.info.run_id)} >= {"policy_value.html"}
    assert not runs(TrackConfig(uri=store), experiment="recsys", run_ids=None)
