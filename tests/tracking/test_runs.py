"""Runs go into MLflow and come out the same."""

import json
from dataclasses import replace

import pytest
from mlflow import MlflowClient
from record_maker import made_record

from recsys.errors import InputError
from recsys.tracking import runs as tracking
from recsys.tracking.metrics_json import metrics_json
from recsys.tracking.read import runs
from recsys.tracking.runs import TrackConfig, log_run


def test_two_processes_log_to_one_new_store_at_once(new_store) -> None:
    for code, _, errors in new_store.finished:
        assert code == 0, errors
    ids = {out.strip() for _, out, _ in new_store.finished}
    assert {run.run_id for run in runs(new_store.settings)} == ids


def test_a_new_store_is_made_without_a_word(new_store) -> None:
    assert "".join(errors for _, _, errors in new_store.finished) == ""
    assert all(len(out.split()) == 1 for _, out, _ in new_store.finished)


def test_artifacts_lie_beside_the_database(new_store) -> None:
    names = {path.name for path in (new_store.folder / "mlartifacts").iterdir()}
    assert {out.strip() for _, out, _ in new_store.finished} <= names


def test_a_run_comes_back_as_it_was(store: TrackConfig) -> None:
    record = made_record()
    record = replace(record, test=record.valid, test_intervals=record.valid_intervals)
    run_id = log_run(record, replace(store, tags={"team": "cards"}))
    (run,) = runs(store)
    assert (run.run_id, run.model, run.data, run.seed) == (run_id, "als", "toy", 0)
    assert (run.fingerprint, run.split) == (record.fingerprint, record.split)
    assert run.config == record.config
    assert run.intervals("valid") == record.valid_intervals
    assert run.metrics_json == metrics_json(record, run_id)
    assert run.tags["team"] == "cards"
    assert run.tags["test_read"] == "true"
    table = run.per_query("test")
    assert table["customer_id"].tolist() == ["anna", "ben", "carl"]
    assert table["recall@20"].tolist() == [0.0, 0.5, 1.0]


def test_the_data_set_is_described_not_copied(store: TrackConfig) -> None:
    run_id = log_run(made_record(), store)
    (entry,) = MlflowClient(store.uri).get_run(run_id).inputs.dataset_inputs
    assert (entry.dataset.name, entry.dataset.digest) == ("toy", "f" * 16)
    assert json.loads(entry.dataset.source) == {"uri": "tables"}
    assert json.loads(entry.dataset.profile)["interactions"] == 9
    assert [(tag.key, tag.value) for tag in entry.tags] == [("mlflow.data.context", "training")]


def test_long_and_odd_settings_are_cut_as_params_and_whole_as_artifact(store: TrackConfig) -> None:
    config = {
        "model": {f"setting_{number}": number for number in range(250)} | {"text": "x" * 9000},
        "data": {"rename": {"Kunde/Nr. @1": "customer_id", "y" * 300: 1}, "none": None},
    }
    run_id = log_run(made_record(config=config), store)
    params = MlflowClient(store.uri).get_run(run_id).data.params
    assert len(params["model.text"]) == 500
    assert params["data.rename.Kunde_Nr. _1"] == "customer_id"
    assert params["chosen.alpha"] == "0.3"
    assert len(params) == 255
    assert runs(store)[0].config == config


def test_a_run_that_breaks_halfway_is_marked_and_not_read(
    store: TrackConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("no disk left")

    monkeypatch.setattr(tracking, "_write_artifacts", broken)
    with pytest.raises(RuntimeError, match="no disk left"):
        log_run(made_record(), store)
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    assert [run.info.status for run in client.search_runs([experiment])] == ["FAILED"]
    assert runs(store) == []


def test_runs_are_picked_by_tags_and_by_the_start_of_their_id(store: TrackConfig) -> None:
    first = log_run(made_record(), store)
    second = log_run(made_record(model="segment", seed=3), store)
    assert [run.run_id for run in runs(store)] == [second, first]
    assert [run.run_id for run in runs(store, tags={"model": "als"})] == [first]
    elsewhere = replace(store, experiment="nowhere")
    assert [run.run_id for run in runs(elsewhere, run_ids=[second[:12]])] == [second]
    with pytest.raises(InputError, match="no finished run"):
        runs(store, run_ids=["zzz"])


def test_equal_settings_have_equal_digests(store: TrackConfig) -> None:
    other = {"model": {"_target_": "recsys.models.als.ALS", "dim": 32}}
    for changes in ({}, {"seed": 1, "fingerprint": "0" * 64}, {"config": other}):
        log_run(made_record(**changes), store)
    third, second, first = (run.settings for run in runs(store))
    assert first == second != third


def test_foreign_runs_are_passed_over(store: TrackConfig) -> None:
    log_run(made_record(), store)
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    client.set_terminated(client.create_run(experiment).info.run_id)
    assert len(runs(store)) == 1


def test_a_missing_experiment_names_those_there_are(store: TrackConfig) -> None:
    with pytest.raises(InputError, match=r"experiment=nowhere is not in the store; there is .*toy"):
        runs(store, experiment="nowhere")


def test_a_deleted_experiment_is_said(store: TrackConfig) -> None:
    log_run(made_record(), store)
    client = MlflowClient(store.uri)
    client.delete_experiment(client.get_experiment_by_name(store.experiment).experiment_id)
    with pytest.raises(InputError, match="was deleted in MLflow"):
        log_run(made_record(), store)
