"""A study in MLflow: one parent, one child a trial, whatever was killed when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from recsys.tracking.data_sets import DataSet
from recsys.tracking.read import runs
from recsys.tracking.store import TrackConfig, open_to_read
from recsys.tracking.study import BEST, PARENT, StudyRun, TrialRecord

BEGAN = datetime(2026, 1, 1, 12)
TRIAL = TrialRecord(
    number=0,
    settings={"dim": 64, "half_life": None},
    value=0.25,
    outcome="complete",
    curve={1: 0.1, 2: 0.2},
    started=BEGAN,
    finished=BEGAN + timedelta(seconds=30),
)


def opened(store: TrackConfig) -> StudyRun:
    config = {"model": {"l2": 1.0}, "study": {"trials": 3}, "track": {"uri": "sqlite:///secret"}}
    return StudyRun(store, "toy_als", "ndcg@10", {"model": "als"}, "0123abcd", config)


def children(store: TrackConfig, parent: str) -> list:
    client = open_to_read(store)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    return client.search_runs([experiment], f"tags.`{PARENT}` = '{parent}'")


def test_a_trial_becomes_one_child_however_often_it_is_logged(store: TrackConfig) -> None:
    study = opened(store)
    assert study.log(TRIAL)
    assert not study.log(TRIAL)
    again = opened(store)
    assert again.run_id == study.run_id
    assert not again.log(TRIAL)
    (child,) = children(store, study.run_id)
    assert child.data.params == {"model.dim": "64", "model.half_life": "None"}
    assert child.data.metrics == {
        "valid/ndcg_10": 0.25, "curve/ndcg_10": 0.2, "seconds/trial": 30.0
    }  # fmt: skip
    history = open_to_read(store).get_metric_history(child.info.run_id, "curve/ndcg_10")
    assert [(point.step, point.value) for point in history] == [(1, 0.1), (2, 0.2)]
    assert child.info.end_time - child.info.start_time == 30_000


def test_how_a_trial_ended_is_its_status(store: TrackConfig) -> None:
    study = opened(store)
    for number, outcome in enumerate(("complete", "given up", "refused")):
        study.log(replace(TRIAL, number=number, outcome=outcome, why="too large"))
    status = {run.data.tags["trial"]: run.info.status for run in children(store, study.run_id)}
    assert status == {"0": "FINISHED", "1": "KILLED", "2": "FAILED"}


def test_a_child_cut_short_is_replaced(store: TrackConfig) -> None:
    study = opened(store)
    client = open_to_read(store)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    half = client.create_run(experiment, tags={PARENT: study.run_id, "kind": "trial", "trial": "0"})
    again = opened(store)
    assert again.log(TRIAL)
    (child,) = children(store, study.run_id)
    assert child.info.run_id != half.info.run_id
    assert child.info.status == "FINISHED"


def test_a_study_is_not_taken_for_a_run_of_a_model(store: TrackConfig) -> None:
    study = opened(store)
    study.log(TRIAL)
    with study.running():
        study.log_best(0.25, 1)
    data_set = DataSet(name="toy", fingerprint="f" * 64, context="valid")
    study.conclude(TRIAL, "# @package _global_\n", data_set)
    assert runs(store) == []
    parent = open_to_read(store).get_run(study.run_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["best.dim"] == "64"
    assert parent.data.params == {"model.l2": "1.0", "study.trials": "3"}
    assert [used.dataset.digest for used in parent.inputs.dataset_inputs] == ["f" * 16]
    assert parent.data.metrics == {"best/ndcg_10": 0.25}


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_study_that_breaks_off_does_not_stay_running(store, error, status) -> None:
    study = opened(store)
    with pytest.raises(error), study.running():
        raise error
    assert open_to_read(store).get_run(study.run_id).info.status == status
    assert opened(store).run_id == study.run_id


def test_a_study_that_is_begun_anew_has_a_parent_of_its_own(store: TrackConfig) -> None:
    study = opened(store)
    study.log(TRIAL)
    anew = StudyRun(store, "toy_als", "ndcg@10", {"model": "als"}, "89abcdef")
    assert anew.run_id != study.run_id
    assert anew.log(replace(TRIAL, value=0.5))
    assert opened(store).run_id == study.run_id


def test_seeds_fitted_before_are_known_by_the_trial_they_are_of(store: TrackConfig) -> None:
    study = opened(store)
    client = open_to_read(store)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    for seed, status in (("0", "FINISHED"), ("1", "FAILED")):
        tags = {PARENT: study.run_id, "seed": seed, BEST: "7"}
        run = client.create_run(experiment, tags=tags)
        client.set_terminated(run.info.run_id, status)
    assert study.logged_seeds(7) == {0}
    # Another trial has become the best since.
    assert study.logged_seeds(8) == set()
