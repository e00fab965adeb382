"""A comparison is kept beside its runs and is none of them; slices and curves come back."""

import json
from dataclasses import replace

import pytest
from record_maker import made_record

from recsys.errors import InputError
from recsys.tracking.read import TrackedRun, runs
from recsys.tracking.report import Report, log_report
from recsys.tracking.runs import TrackConfig, log_run

COMPARISON = Report(kind="comparison", name="comparison toy ndcg@10", note="als wins")


def test_a_comparison_is_kept_and_is_no_models_run(store: TrackConfig) -> None:
    run_id = log_run(made_record(slices={}), store)
    (run,) = runs(store)
    kept = log_report(replace(COMPARISON, files={"page.html": b"<p>"}), [run])
    assert [run.run_id for run in runs(store)] == [run_id]
    logged = run.client.get_run(kept)
    assert logged.info.status == "FINISHED"
    assert logged.info.experiment_id == run.client.get_run(run_id).info.experiment_id
    assert logged.data.tags["kind"] == "comparison"
    assert logged.data.tags["fingerprint"] == run.fingerprint
    names = {artifact.path for artifact in run.client.list_artifacts(kept)}
    assert names == {"page.html", "runs.txt"}


def test_a_comparison_that_cannot_be_kept_whole_is_marked(store: TrackConfig) -> None:
    log_run(made_record(slices={}), store)
    (run,) = runs(store)
    with pytest.raises(InputError, match="could not be logged"):
        log_report(replace(COMPARISON, files={"no/such/folder": b""}), [run])
    logged = run.client.search_runs([run.client.get_run(run.run_id).info.experiment_id])
    assert [other.info.status for other in logged if "kind" in other.data.tags] == ["FAILED"]


def test_costs_curves_params_and_slices_come_back(store: TrackConfig) -> None:
    intervals = made_record().valid_intervals
    slices = {"history": {"cold": intervals}, "segment": {"young": intervals}}
    curve = {1: 0.1, 5: 0.3}
    log_run(replace(made_record(), slices=slices, curve=curve, cpu_seconds=7.5), store)
    (run,) = runs(store)
    assert run.metrics["cpu_seconds"] == 7.5
    assert run.metrics_json["cpu_seconds"] == 7.5
    assert run.params["model.dim"] == "64"
    assert run.slices == slices
    assert run.curves() == {"ndcg@10": curve}


def test_slices_of_earlier_runs_are_those_of_history() -> None:
    value = {"mean": 0.5, "low": 0.4, "high": 0.6, "customers": 3}
    text = json.dumps({"slices": {"cold": {"ndcg@10": value}}})

    class Earlier(TrackedRun):
        def _artifact(self, name: str) -> str:
            return text

    about = dict.fromkeys(TrackedRun.__dataclass_fields__, None)
    slices = Earlier(**about).slices
    assert list(slices) == ["history"]
    assert slices["history"]["cold"]["ndcg@10"].mean == 0.5
