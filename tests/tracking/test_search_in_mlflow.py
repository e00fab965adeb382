"""Runs are found by the search of MLflow, and charts of one metric lie beside each other."""

import sqlite3
from dataclasses import replace

import mlflow
import pytest
from record_maker import made_record

from recsys.evaluation.intervals import Interval
from recsys.reports.comparison.compare import compare
from recsys.tracking.data_sets import DataSet
from recsys.tracking.read import runs
from recsys.tracking.report import Report, log_report, log_standalone
from recsys.tracking.runs import TrackConfig, log_run
from recsys.tracking.sqlite_file import sqlite_path

SAID = Report(
    kind="comparison",
    name="comparison toy ndcg@10",
    note="als wins",
    params={"metric": "ndcg@10", "models": ["als"]},
    metrics={"als/ndcg@10": Interval(0.2, 0.1, 0.3, 9), "left/out": float("nan")},
    files={"page.html": b"<p>"},
)


def searched(store: TrackConfig, query: str) -> list[str]:
    client = mlflow.MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    return [run.info.run_id for run in client.search_runs([experiment], query)]


def test_names_with_dots_and_slashes_are_found_by_the_search_of_mlflow(store: TrackConfig) -> None:
    run_id = log_run(made_record(slices={}), store)
    report_id = log_report(SAID, runs(store))
    found = {
        "params.`model.dim` = '64'": [run_id],
        "params.\"data.root\" = 'tables'": [run_id],
        "params.model.dim = '64'": [run_id],
        "params.`model.dim` = '65'": [],
        "metrics.`valid/recall_20.low` >= 0": [run_id],
        "metrics.`valid/recall_20` > 0.9": [],
        "metrics.`als/ndcg_10.high` = 0.3": [report_id],
        "tags.kind = 'comparison' and params.metric = 'ndcg@10'": [report_id],
        "tags.model = 'als' and tags.data = 'toy'": [run_id],
        "datasets.name = 'toy' and datasets.context = 'valid'": [report_id],
        "datasets.digest = 'ffffffffffffffff' and datasets.context = 'training'": [run_id],
    }
    assert {query: searched(store, query) for query in found} == found


def test_mean_and_ends_of_an_interval_lie_beside_each_other(store: TrackConfig) -> None:
    log_run(made_record(slices={}), store)
    (run,) = runs(store)
    names = sorted(name for name in run.metrics if name.startswith("valid/recall"))
    assert names == [
        "valid/recall_20", "valid/recall_20.high", "valid/recall_20.low",
        "valid/recall_5", "valid/recall_5.high", "valid/recall_5.low",
    ]  # fmt: skip
    assert run.metrics["valid/coverage_5"] == 0.25


def test_a_report_has_params_metrics_and_the_data_set_of_its_runs(store: TrackConfig) -> None:
    log_run(made_record(slices={}), store)
    (run,) = runs(store)
    kept = run.client.get_run(log_report(SAID, [run]))
    assert kept.data.params == {
        "metric": "ndcg@10", "models": "['als']", "runs": run.run_id[:8], "window": "valid",
    }  # fmt: skip
    assert kept.data.metrics == {
        "als/ndcg_10": 0.2, "als/ndcg_10.low": 0.1, "als/ndcg_10.high": 0.3
    }  # fmt: skip
    (used,) = kept.inputs.dataset_inputs
    (fitted,) = run.client.get_run(run.run_id).inputs.dataset_inputs
    assert used.dataset == fitted.dataset or vars(used.dataset) == vars(fitted.dataset)
    assert kept.data.tags["fingerprint"] == run.fingerprint


def test_a_report_by_itself_has_the_data_that_it_names(store: TrackConfig) -> None:
    log = DataSet(
        name="log", fingerprint="a" * 64, context="decisions", settings={"root": "log.parquet"}
    )
    report = replace(SAID, kind="policy_value", data_sets=[log], tags={"data": "log"})
    run_id = log_standalone(report, replace(store, tags={"team": "offers"}))
    query = "datasets.name = 'log' and tags.team = 'offers' and tags.kind = 'policy_value'"
    assert searched(store, query) == [run_id]
    assert runs(store) == []


def renamed(store: TrackConfig, run_id: str) -> None:
    """Names the metrics of a run as they were named until version 0.2.0."""
    path = sqlite_path(store.uri)
    assert path is not None
    with sqlite3.connect(path) as database:
        for table in ("metrics", "latest_metrics"):
            rows = database.execute(
                f"select distinct key from {table} where run_uuid = ?", (run_id,)
            ).fetchall()
            for (key,) in rows:
                section, slash, short = key.rpartition("/")
                short, _, end = short.partition(".")
                name, _, cut = short.rpartition("_")
                short = f"{name}_at_{cut}" if cut.isdecimal() else short
                former = f"{section}_{end}" if end and section == "valid" else section
                database.execute(
                    f"update {table} set key = ? where run_uuid = ? and key = ?",
                    (f"{former}{slash}{short}", run_id, key),
                )


@pytest.mark.parametrize("metric", ["ndcg@10", "recall@20"])
def test_a_run_with_the_former_names_is_compared_with_one_of_today(
    metric: str, store: TrackConfig
) -> None:
    store = replace(store, experiment=f"former {metric}")
    curve = {1: 0.1, 5: 0.3}
    former, today = (
        log_run(made_record(seed=seed, slices={}, curve=curve), store) for seed in (0, 1)
    )
    renamed(store, former)
    by_id = {run.run_id: run for run in runs(store)}
    assert "valid_low/recall_at_20" in by_id[former].metrics
    assert by_id[former].intervals("valid") == by_id[today].intervals("valid")
    assert by_id[former].curves() == by_id[today].curves() == {"ndcg@10": curve}
    assert set(compare(list(by_id.values()), metric).board["run_id"]) == {former, today}
