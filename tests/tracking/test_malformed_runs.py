"""One run that cannot be read is named and passed over; nothing of it takes time or memory."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from record_maker import made_record, per_query
from script_runner import run_script

from recsys.errors import InputError
from recsys.evaluation.intervals import bootstrap
from recsys.reports.comparison.compare import compare
from recsys.tracking import bounded_files, plots
from recsys.tracking.bounded_files import json_mapping, read_per_query, yaml_mapping
from recsys.tracking.read import runs, runs_and_skipped
from recsys.tracking.runs import TrackConfig, log_run

LAUGHS = "a: &a [lol, lol]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


def log(store: TrackConfig, values: list[float], **changes) -> str:
    valid = per_query(values)
    intervals = bootstrap(valid.values, valid.customers, resamples=20)
    return log_run(made_record(valid=valid, valid_intervals=intervals, **changes), store)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each run: they take longer than all the rest."""
    for name in ("by_k", "by_slice", "save"):
        monkeypatch.setattr(plots, name, lambda *_: None)


def artifact(store: TrackConfig, run_id: str, name: str) -> Path:
    uri = mlflow.MlflowClient(store.uri).get_run(run_id).info.artifact_uri
    return Path(unquote(uri.removeprefix("file://"))) / name


def tag(name: str, value: str) -> Callable[[TrackConfig, str], None]:
    return lambda store, run_id: mlflow.MlflowClient(store.uri).set_tag(run_id, name, value)


def metric(name: str, value: float) -> Callable[[TrackConfig, str], None]:
    return lambda store, run_id: mlflow.MlflowClient(store.uri).log_metric(run_id, name, value)


def written(name: str, content: str | bytes) -> Callable[[TrackConfig, str], None]:
    def spoil(store: TrackConfig, run_id: str) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        artifact(store, run_id, name).write_bytes(data)

    return spoil


def table(**columns: object) -> Callable[[TrackConfig, str], None]:
    """The per-query table with columns replaced; None drops one."""

    def spoil(store: TrackConfig, run_id: str) -> None:
        path = artifact(store, run_id, "per_query_valid.parquet")
        frame = pd.read_parquet(path)
        for name, value in columns.items():
            frame = frame.drop(columns=name) if value is None else frame.assign(**{name: value})
        frame.to_parquet(path, index=False)

    return spoil


def removed(store: TrackConfig, run_id: str) -> None:
    artifact(store, run_id, "per_query_valid.parquet").unlink()


MALFORMED = {
    "seed in words": (tag("seed", "one"), "tag seed: expected a whole number, got 'one'"),
    "seed beyond": (tag("seed", "9" * 5000), "tag seed: expected a whole number, got '999"),
    "no table": (removed, "has no artifact per_query_valid.parquet"),
    "table cut short": (written("per_query_valid.parquet", b"PAR1"), "cannot be read"),
    "table of text": (table(**{"ndcg@10": "high"}), "ndcg@10: expected numbers, got"),
    "table of lists": (table(**{"ndcg@10": [[1.0], [0.2], [0.1]]}), "ndcg@10: expected numbers"),
    "table without ids": (table(customer_id=None), "has no column customer_id"),
    "ids missing": (table(customer_id=["a", None, "b"]), "customer_id has 1 empty cells"),
    "table without the metric": (table(**{"recall@5": None}), "has no column recall@5"),
    "values beyond": (table(**{"ndcg@10": [9.0, 0.0, 0.0]}), "ndcg@10 holds values outside of 0"),
    "values infinite": (table(**{"ndcg@10": np.inf}), "ndcg@10 holds values that are not finite"),
    "a claim": (metric("valid/ndcg_10", 0.9), "valid ndcg@10 is 0.9 by its metrics and 0.25"),
    "claim of no number": (metric("valid/ndcg_10", float("nan")), "is nan by its metrics"),
    "customers infinite": (metric("valid/customers", float("inf")), "is no number of customers"),
    "metrics.json of words": (written("metrics.json", "words"), "metrics.json is no JSON"),
    "metrics.json a list": (written("metrics.json", "[]"), "expected a mapping, got a list"),
    "metrics.json deep": (written("metrics.json", "[" * 100_000), "metrics.json is no JSON"),
    "slices of words": (written("metrics.json", '{"slices": {"a": {"b": {"c": "d"}}}}'),
        "metrics.json: slices: expected intervals by slice"),
    "slices infinite": (written("metrics.json", json.dumps({"slices": {"a": {"b": {"c": {
        "mean": float("inf"), "low": 0, "high": 1, "customers": 2}}}}})), "slices: expected"),
    "other customers": (table(customer_id=["x", "y", "z"]), "customers of valid are not"),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_compare_passes_over_a_malformed_run_and_names_it(name: str, store: TrackConfig) -> None:
    store = TrackConfig(uri=store.uri, experiment=f"malformed {name}")
    for seed in (0, 1):
        log(store, [0.0, 0.5, 1.0], seed=seed)
    bad = log(store, [0.0, 0.5, 1.0], model="ease")
    spoil, says = MALFORMED[name]
    spoil(store, bad)
    readable, skipped = runs_and_skipped(store)
    compared = compare(readable, skipped=skipped)
    assert [run.run_id for run in compared.skipped] == [bad]
    assert says in compared.skipped[0].line()
    assert compared.board["model"].tolist() == ["als", "als"]


def test_the_script_says_so_in_a_line_and_on_the_page(
    store: TrackConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log(store, [0.0, 0.5, 1.0])
    bad = log(store, [0.0, 0.5, 1.0], model="ease")
    metric("valid/ndcg_10", 0.9)(store, bad)
    capfd.readouterr()
    words = [f"track.uri={store.uri}", f"experiment={store.experiment}", f"out={tmp_path}/page"]
    assert run_script("compare", *words, cwd=tmp_path) == 0
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1, said
    assert said[0].startswith(f"skipped run {bad[:8]}: valid ndcg@10 is 0.9 by its metrics")
    page = (tmp_path / "page" / "comparison.html").read_text()
    assert "Runs passed over" in page
    assert bad[:8] in page
    assert "ease" not in (tmp_path / "page" / "leaderboard.csv").read_text()


def test_a_malformed_run_that_is_named_is_refused(
    store: TrackConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = log(store, [0.0, 0.5, 1.0])
    tag("seed", "one")(store, bad)
    words = [f"track.uri={store.uri}", f"runs={bad[:12]}"]
    assert run_script("compare", *words, cwd=tmp_path) == 2
    assert "tag seed: expected a whole number" in capfd.readouterr().err


def test_what_somebody_logs_beside_the_metrics_is_left_out(store: TrackConfig) -> None:
    run_id = log(store, [0.0, 0.5, 1.0])
    metric("valid/mine", 3.0)(store, run_id)
    (run,) = runs(store)
    assert set(run.intervals("valid")) == {"recall@5", "recall@20", "ndcg@10"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.yaml", LAUGHS, "config.yaml is no YAML that a run writes: it has an alias"),
        ("config.yaml", "a: " + "[" * 50_000, "config.yaml is no YAML"),
        ("config.yaml", "x" * (1 << 19), "config.yaml has 524,288 bytes; expected at most 262,144"),
        ("config.yaml", "- 1", "config.yaml: expected a mapping, got a list"),
        ("config.yaml", "a: !!python/object/apply:os.system [x]", "config.yaml is no YAML"),
        ("config.yaml", "n: " + "9" * 5000, "config.yaml is no YAML"),
        ("metrics.json", " " * (1 << 25) + "{}", "metrics.json has 33,554,434 bytes"),
        ("metrics.json", '{"a": ' + "9" * 5000 + "}", "metrics.json is no JSON"),
    ],
)  # fmt: skip
def test_documents_are_read_within_bounds(
    name: str, content: str, says: str, store: TrackConfig
) -> None:
    store = TrackConfig(uri=store.uri, experiment=f"bounds {abs(hash(content))}")
    run_id = log(store, [0.0, 0.5, 1.0])
    written(name, content)(store, run_id)
    (run,) = runs(store)
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        _ = run.config if name == "config.yaml" else run.metrics_json
    assert says in str(caught.value)
    assert time.monotonic() - start < 10


def test_what_a_run_writes_is_read() -> None:
    assert yaml_mapping("config.yaml", "a: [1, x]\nb: {c: null}\n") == {
        "a": [1, "x"], "b": {"c": None}
    }  # fmt: skip
    assert json_mapping("metrics.json", '{"a": [1.5]}') == {"a": [1.5]}


@pytest.mark.parametrize("ids", [["ann", "bob"], [1, 2]])
def test_a_table_of_a_run_comes_back_as_it_was(ids: list, tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer_id": ids, "history": [1, 2], "ndcg@10": [0.5, np.nan]})
    path = tmp_path / "per_query_valid.parquet"
    frame.to_parquet(path, index=False)
    pd.testing.assert_frame_equal(read_per_query(path), pd.read_parquet(path))


def test_a_table_that_says_a_billion_rows_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "per_query_valid.parquet"
    column = pa.array(np.zeros(5_000_000))
    with pq.ParquetWriter(path, pa.schema([("ndcg@10", pa.float64())])) as writer:
        for _ in range(5):
            writer.write_table(pa.table({"ndcg@10": column}))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="says it has 25,000,000 rows of 1 columns; expected"):
        read_per_query(path)


def test_ids_that_are_many_times_what_is_on_disk_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_files, "TEXT_BYTES", 10_000_000)
    path = tmp_path / "per_query_valid.parquet"
    ids = pa.array(["x" * 100_000] * 1000)
    pq.write_table(pa.table({"customer_id": ids, "ndcg@10": np.zeros(1000)}), path)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="customer_id takes more than 10,000,000 bytes"):
        read_per_query(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    path = tmp_path / "per_query_valid.parquet"
    os.mkfifo(path)
    with pytest.raises(InputError, match="is no file"):
        read_per_query(path)
