"""A server that is lost costs no run: it is kept, and sent later, once.

The server is a real one, which is stopped and started again.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow_server import Server
from record_maker import made_record

from recsys.cli.sync import main as sync
from recsys.errors import InputError
from recsys.tracking.data_sets import DataSet
from recsys.tracking.lost import PatientClient, ServerLost
from recsys.tracking.metrics_json import write_metrics_json
from recsys.tracking.read import runs
from recsys.tracking.report import NOT_SENT, Report, log_standalone
from recsys.tracking.runs import TrackConfig, log_run
from recsys.tracking.study import StudyRun, TrialRecord
from recsys.tracking.sync import send
from recsys.tracking.unsent import UNSENT, kept_store, log_or_keep

pytestmark = pytest.mark.slow
TOKEN = "0123456789abcdef"


class Killed(BaseException):
    """Ends the block as a kill would."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def track(server: Server, request: pytest.FixtureRequest) -> TrackConfig:
    """An experiment of its own for each test."""
    return TrackConfig(uri=server.uri, experiment=request.node.name)


def lose(server: Server, monkeypatch: pytest.MonkeyPatch, call: str, at: int = 1) -> None:
    """Stops the server at a call of MLflow's client, the first or a later one."""
    method, count = getattr(MlflowClient, call), 0

    def stopped(*arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        if count == at:
            server.stop()
        return method(*arguments, **options)

    monkeypatch.setattr(MlflowClient, call, stopped)


def all_runs(track: TrackConfig) -> list[Any]:
    """All runs of the experiment, the deleted ones too."""
    client = MlflowClient(track.uri)
    experiment = client.get_experiment_by_name(track.experiment)
    return list(client.search_runs([experiment.experiment_id], run_view_type=3))


@pytest.mark.parametrize(
    "call",
    ["get_experiment_by_name", "create_run", "log_batch", "log_inputs", "log_artifacts",
     "set_terminated"],
)  # fmt: skip
def test_a_run_whose_server_is_lost_arrives_once(
    call: str, server: Server, track: TrackConfig, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    record = made_record()
    write_metrics_json(tmp_path / "metrics.json", record, None)
    with monkeypatch.context() as patch:
        lose(server, patch, call)
        kept = log_or_keep(lambda store: log_run(record, store, TOKEN), track, tmp_path)
    assert kept is None
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert said.endswith(f"is kept in {tmp_path / UNSENT}: send it with recsys sync\n")
    with pytest.raises(InputError, match=r"does not answer; runs stay kept in 1 folder$"):
        sync([f"folder={tmp_path}"])
    server.start()
    sync([f"folder={tmp_path.parent}"])
    (logged,) = all_runs(track)
    (run,) = runs(track)
    assert run.run_id == logged.info.run_id
    assert run.intervals("valid") == record.valid_intervals
    assert run.config == record.config
    assert run.metrics_json["mlflow_run_id"] == run.run_id
    assert list(run.per_query("valid").columns) == ["customer_id", "history", *record.valid.values]
    assert len(logged.inputs.dataset_inputs) == 1
    curve = run.client.get_metric_history(run.run_id, "curve/ndcg_10")
    assert [point.step for point in curve] == list(record.curve)
    document = json.loads((tmp_path / "metrics.json").read_text())
    assert document["mlflow_run_id"] == run.run_id
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


@pytest.mark.parametrize("call", ["create_run", "log_batch", "log_artifacts", "set_terminated"])
@pytest.mark.parametrize("after", [False, True])
def test_a_sync_that_is_killed_is_given_again(
    call: str, after: bool, track: TrackConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = replace(track, uri="http://127.0.0.1:9")
    for seed in (0, 1):
        record = made_record(seed=seed)
        log_or_keep(
            lambda store, one=record: log_run(one, store, f"{one.seed:016}"), lost, tmp_path
        )
    method = getattr(PatientClient, "__getattr__")  # noqa: B009

    def killed(client: PatientClient, name: str) -> Any:
        def call_and_die(*arguments: Any, **options: Any) -> None:
            if after:
                method(client, name)(*arguments, **options)
            raise Killed

        return call_and_die if name == call else method(client, name)

    with monkeypatch.context() as patch:
        patch.setattr(PatientClient, "__getattr__", killed)
        with pytest.raises(Killed):
            send(tmp_path, track.uri)
    assert send(tmp_path, track.uri).unfinished == 0
    assert sorted(run.seed for run in runs(track)) == [0, 1]
    assert len(all_runs(track)) == 2
    assert not (tmp_path / UNSENT).exists()


def trial(number: int) -> TrialRecord:
    return TrialRecord(
        number=number, settings={"k": number}, value=number / 10, outcome="complete",
        started=datetime(2026, 1, 1), finished=datetime(2026, 1, 2),
    )  # fmt: skip


def test_a_study_whose_server_comes_and_goes_is_one_study(
    server: Server, track: TrackConfig, tmp_path: Path
) -> None:
    tags = {"model": "als", "data": "toy"}
    study = StudyRun(track, "s", "ndcg@10", tags, "abc", {"seed": 0}, tmp_path)
    with study.running():
        for number in (0, 1):
            assert study.log(trial(number))
            study.log_best(number / 10, number + 1)
        server.stop()
        for number in (0, 1, 2):
            study.log(trial(number))
            study.log_best(number / 10, number + 1)
    assert study.log_best_run(made_record(seed=0), 2) is None
    assert study.logged_seeds(2) == {0}
    data_set = DataSet(name="toy", fingerprint="f" * 64, context="valid")
    study.conclude(trial(2), "model: {k: 2}\n", data_set)
    server.start()
    again = StudyRun(track, "s", "ndcg@10", tags, "abc", {"seed": 0}, tmp_path)
    assert again.logged_seeds(2) == {0}
    assert again.log(trial(2))
    assert again.log_best_run(made_record(seed=1), 2) is not None
    assert send(tmp_path, None).unfinished == 0
    logged = all_runs(track)
    (parent,) = [run for run in logged if run.data.tags.get("kind") == "study"]
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["best.trial"] == "2"
    children = [run for run in logged if run is not parent]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    trials = sorted(run.data.tags["trial"] for run in children if "trial" in run.data.tags)
    assert trials == ["0", "1", "2"]
    assert sorted(run.seed for run in runs(track)) == [0, 1]
    best = MlflowClient(track.uri).get_metric_history(parent.info.run_id, "best/ndcg_10")
    assert [(point.step, point.value) for point in best] == [(1, 0.0), (2, 0.1), (3, 0.2)]


def test_a_report_is_kept_in_the_current_folder(
    track: TrackConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = Report(kind="monitor", name="m", note="n", metrics={"a": 1.0}, files={"p.html": b"x"})
    assert log_standalone(report, replace(track, uri="http://127.0.0.1:9")) == NOT_SENT
    assert send(Path(), track.uri).runs == 1
    (run,) = all_runs(track)
    assert run.data.metrics == {"a": 1.0}
    assert [file.path for file in MlflowClient(track.uri).list_artifacts(run.info.run_id)] == [
        "p.html"
    ]


def test_a_half_kept_run_waits_for_its_command(track: TrackConfig, tmp_path: Path) -> None:
    lost = replace(track, uri="http://127.0.0.1:9")
    log_or_keep(lambda store: log_run(made_record(), store, TOKEN), lost, tmp_path)
    kept = kept_store(lost, tmp_path)
    with closing(sqlite3.connect(kept.uri.removeprefix("sqlite:///"))) as database:
        database.execute("UPDATE runs SET status = 'RUNNING'")
        database.commit()
    sent = send(tmp_path, track.uri)
    assert (sent.runs, sent.unfinished) == (0, 1)
    # The command again, while the server is away.
    log_or_keep(lambda store: log_run(made_record(), store, TOKEN), lost, tmp_path)
    assert send(tmp_path, track.uri).runs == 1
    assert len(runs(track)) == 1


def test_a_refusal_of_the_server_is_no_loss(track: TrackConfig) -> None:
    from recsys.tracking.store import open_store

    store = open_store(track)
    with pytest.raises(Exception, match="not found") as caught:
        store.client.get_run("0" * 32)
    assert not isinstance(caught.value, ServerLost)
