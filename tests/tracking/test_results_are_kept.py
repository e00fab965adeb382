"""What was measured survives names that are odd and a store that is full."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from record_maker import made_record

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.tracking import plots
from recsys.tracking.metrics_json import metrics_json, write_metrics_json
from recsys.tracking.names import slice_means
from recsys.tracking.read import runs
from recsys.tracking.runs import TrackConfig, attempt, log_run

FORMULAS = ["from $5 to $9", "$x^{$", r"$\nosuch$", "50 % _ { $", "$$"]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_with_dollars_is_drawn_and_not_read_as_a_formula(name: str, tmp_path: Path) -> None:
    record = made_record(model=name, data_name=name)
    record = replace(record, slices={name: {name: record.valid_intervals}})
    for draw in (lambda: plots.by_k(record, "valid"), lambda: plots.by_slice(record)):
        plots.save(draw(), tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size > 0


def test_a_long_name_of_a_slice_fits_and_stays_apart_from_others() -> None:
    interval = {"ndcg@10": Interval(mean=0.2, low=0.1, high=0.3, customers=3)}
    names = [
        set(slice_means("valid", "segment", "x" * 400 + end, interval, "ndcg@10")) for end in "ab"
    ]
    assert all(len(name) <= 250 for name in names[0] | names[1])
    assert not names[0] & names[1]


def test_a_mean_of_nothing_is_null_and_not_the_end_of_the_run(tmp_path: Path) -> None:
    nothing = Interval(mean=float("nan"), low=float("nan"), high=float("inf"), customers=0)
    record = made_record(slices={"history": {"cold": {"ndcg@10": nothing}}})
    write_metrics_json(tmp_path / "metrics.json", record, None)
    document = json.loads((tmp_path / "metrics.json").read_text())
    assert document["slices"]["history"]["cold"]["ndcg@10"] == {
        "mean": None, "low": None, "high": None, "customers": 0,
    }  # fmt: skip
    assert document["mlflow_run_id"] is None


def test_a_picture_that_cannot_be_drawn_is_named_and_the_run_kept(
    store: TrackConfig, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise KeyError("a metric nobody foresaw")

    monkeypatch.setattr(plots, "by_k", refuse)
    run_id = log_run(made_record(), store)
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "figure valid_by_k.png is left out" in said
    (kept,) = runs(store)
    assert kept.run_id == run_id
    assert kept.metrics_json["mlflow_run_id"] == run_id
    files = kept.client.list_artifacts(run_id, "plots")
    assert [file.path for file in files] == ["plots/valid_by_slice.png"]


def test_odd_names_go_through_the_store(store: TrackConfig) -> None:
    record = made_record(data_name=r"$\nosuch$ {", split="x" * 600)
    values = {f"ndcg@{k}": np.array([0.1, 0.2]) for k in range(1, 200)}
    record = replace(
        record,
        valid=replace(record.valid, values=values, customers=np.arange(2), history=np.arange(2)),
        valid_intervals=bootstrap(values, np.arange(2), resamples=10),
        slices={"segment": {"ü" * 500: record.valid_intervals}},
    )
    run_id = log_run(record, store)
    (kept,) = runs(store)
    assert (kept.run_id, kept.data) == (run_id, r"$\nosuch$ {")
    assert len(kept.intervals("valid")) == 199


def test_a_run_that_a_kill_left_whole_is_not_logged_twice(
    store: TrackConfig, tmp_path: Path
) -> None:
    class Killed(BaseException):
        """Ends the block as a kill would: nothing after it happens."""

    def killed_after_logging(**changes: object) -> None:
        with attempt(tmp_path) as token:
            logged.append(log_run(made_record(**changes), store, token))
            raise Killed

    logged: list[str] = []
    with pytest.raises(Killed):
        killed_after_logging()
    # However often it is given again, the last time after it had ended.
    for _ in range(2):
        with attempt(tmp_path) as token:
            assert log_run(made_record(), store, token) == logged[0]
    assert [run.run_id for run in runs(store)] == logged
    assert [path.name for path in tmp_path.iterdir()] == [".logging"]
    # Another result, as of another version of the program, is another run.
    record = made_record()
    better = {**record.valid_intervals, "ndcg@10": Interval(0.9, 0.8, 1.0, 3)}
    with attempt(tmp_path) as token:
        assert log_run(replace(record, valid_intervals=better), store, token) != logged[0]


def test_a_second_run_in_the_folder_of_a_running_one_is_refused(tmp_path: Path) -> None:
    with attempt(tmp_path), pytest.raises(InputError) as caught, attempt(tmp_path):
        pass
    assert "is in use by another run; wait for its end, or set another" in str(caught.value)


def test_a_changed_command_is_another_run_after_a_kill(store: TrackConfig, tmp_path: Path) -> None:
    first = log_run(made_record(), store, "0123456789abcdef")
    other = log_run(made_record(seed=1), store, "0123456789abcdef")
    assert {run.run_id for run in runs(store)} == {first, other}


def test_a_run_that_a_kill_left_halfway_is_marked_killed(store: TrackConfig) -> None:
    from recsys.tracking.store import open_store

    opened = open_store(store)
    half = opened.client.create_run(opened.experiment_id, tags={"attempt": "0123456789abcdef"})
    log_run(made_record(), store, "0123456789abcdef")
    assert opened.client.get_run(half.info.run_id).info.status == "KILLED"


@pytest.mark.parametrize("call", ["create_run", "log_batch", "log_artifacts", "set_terminated"])
def test_a_store_that_takes_no_more_is_one_line(
    call: str, store: TrackConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def full(*_: object, **__: object) -> None:
        raise MlflowException("(sqlite3.OperationalError) database or disk is full\n[SQL: INSERT]")

    monkeypatch.setattr(MlflowClient, call, full)
    with pytest.raises(InputError, match=r"could not be logged: .* disk is full$") as caught:
        log_run(made_record(), store)
    assert "\n" not in str(caught.value)
    assert metrics_json(made_record(), None)["mlflow_run_id"] is None
