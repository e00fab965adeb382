"""Hostile names in what MLflow's pages show of runs, trials, studies and reports."""

from datetime import datetime

import pytest
from hostile_names import ESCAPE, HTML, LINES, MARKDOWN, is_clean
from mlflow import MlflowClient
from record_maker import made_record

from recsys.tracking.read import runs
from recsys.tracking.report import Report, log_report
from recsys.tracking.runs import TrackConfig, log_run
from recsys.tracking.study import StudyRun, TrialRecord

NOTE = "mlflow.note.content"
FENCE = "```\n"


def test_the_note_of_a_run_is_one_block_of_code(store: TrackConfig) -> None:
    record = made_record(
        slices={},
        model=f"{FENCE}{HTML}",
        data_name=ESCAPE,
        split=LINES,
        notes=[f"~~~\n{FENCE}{HTML}"],
    )
    note = MlflowClient(store.uri).get_run(log_run(record, store)).data.tags[NOTE]
    assert is_clean(note)
    first, *lines, last = note.split("\n")
    assert first == last == "````"
    assert lines == record.summary().split("\n")
    assert not [line for line in lines if line.strip().startswith("````")]
    assert "  split Loan\\nerror: all is well\\r\\n" in lines


def test_the_note_of_a_report_is_paragraphs_of_text(store: TrackConfig) -> None:
    log_run(made_record(slices={}), store)
    (run,) = runs(store)
    note = f"{MARKDOWN} wins.\n\n{HTML} loses."
    kept = log_report(Report(kind="comparison", name="toy", note=note), [run])
    note = run.client.get_run(kept).data.tags[NOTE]
    first, second = note.split("\n\n")
    assert first == r"!\[Loan\](http&#58;//evil.example/pixel.png) wins."
    assert second == '&lt;img src=x onerror="alert(1)"&gt; loses.'


@pytest.mark.parametrize("hidden", [False, True])
def test_why_a_trial_was_refused_is_text_and_hidden_with_customers(
    store: TrackConfig, hidden: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_PSEUDONYM_KEY", "k" * 32)
    settings = TrackConfig(uri=store.uri, experiment=store.experiment, pseudonyms=hidden)
    study = StudyRun(settings, f"toy{hidden}", "ndcg@10", {}, f"identity{hidden}")
    now = datetime.now()
    refused = TrialRecord(
        number=0, settings={}, value=None, outcome="refused", why=f"customer 0815: got {HTML}",
        started=now, finished=now,
    )  # fmt: skip
    study.log(refused)
    client = MlflowClient(store.uri)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    children = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{study.run_id}'")
    (note,) = [run.data.tags[NOTE] for run in children]
    assert ("0815" in note) != hidden
    assert "<" not in note
