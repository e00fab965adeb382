"""`metrics.json`, the names of metrics, and the pictures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from record_maker import made_record

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.tracking import plots
from recsys.tracking.metrics_json import metrics_json, write_metrics_json
from recsys.tracking.names import intervals_of, slice_means, tracked_intervals


def test_metrics_json_has_the_agreed_shape() -> None:
    document = metrics_json(made_record(), "id")
    assert list(document) == [
        "model", "data", "split", "seed", "device", "valid", "catalogue", "slices", "chosen",
        "notes", "features", "seconds", "peak_memory_mb", "mlflow_run_id",
    ]  # fmt: skip
    assert document["data"] == {"name": "toy", "fingerprint": "f" * 64}
    assert document["valid"]["recall@20"].keys() == {"mean", "low", "high", "customers"}
    assert document["valid"]["recall@20"]["mean"] == 0.5
    assert document["valid"]["recall@20"]["customers"] == 3
    assert document["catalogue"] == {"valid": {"coverage@5": 0.25}}
    assert document["slices"]["history"]["cold"].keys() == document["valid"].keys()
    assert document["chosen"] == {"alpha": 0.3}


def test_the_summary_says_which_settings_are_in_use() -> None:
    assert "  settings in use: alpha 0.3" in made_record().summary().splitlines()


def test_metrics_json_has_test_only_where_it_was_read() -> None:
    record = made_record()
    read = replace(record, test=record.valid, test_intervals=record.valid_intervals)
    assert "test" not in metrics_json(record, "id")
    assert metrics_json(read, "id")["test"] == metrics_json(read, "id")["valid"]


def test_metrics_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "metrics.json"
    write_metrics_json(path, made_record(), "id")
    assert json.loads(path.read_text())["mlflow_run_id"] == "id"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_metrics_json(tmp_path / "file" / "metrics.json", made_record(), "id")


def test_intervals_survive_the_names_of_mlflow() -> None:
    intervals = {"recall@5": Interval(0.2, 0.1, 0.3, 7), "ndcg@10": Interval(0.4, 0.3, 0.5, 7)}
    tracked = tracked_intervals("valid", intervals) | {"seconds/fit": 1.0}
    tracked |= slice_means("valid", "history", "cold", intervals, "ndcg@10")
    assert intervals_of("valid", tracked) == intervals
    assert tracked["valid/history.cold/ndcg_10"] == 0.4
    assert "valid/history.cold/recall_5" not in tracked
    assert intervals_of("test", tracked) == {}
    assert not any("@" in name for name in tracked)


def test_a_metric_that_not_all_customers_have_keeps_their_number() -> None:
    intervals = {"ndcg@10": Interval(0.4, 0.3, 0.5, 7), "auc": Interval(0.6, 0.5, 0.7, 4)}
    tracked = tracked_intervals("valid", intervals)
    assert tracked["valid/customers"] == 7
    assert tracked["valid/auc.customers"] == 4
    assert intervals_of("valid", tracked) == intervals


def test_names_of_slices_are_those_that_mlflow_takes() -> None:
    intervals = {"ndcg@10": Interval(0.4, 0.3, 0.5, 7)}
    (mean, customers) = slice_means("valid", "segment", "<25, Köln/Süd", intervals, "ndcg@10")
    assert mean == "valid/segment._25_ Köln_Süd/ndcg_10"
    assert customers == "valid/segment._25_ Köln_Süd/customers"
    assert slice_means("valid", "segment", "x", intervals, "recall@5") == {}


def test_the_summary_names_model_metrics_and_costs() -> None:
    summary = made_record().summary()
    assert "als on toy, seed 0" in summary
    assert "ndcg@10" in summary
    assert "coverage@5 0.2500" in summary
    assert "fit 2.0 s" in summary


def test_a_record_without_settings_still_has_a_metric() -> None:
    assert made_record(config={}).metric == "recall@5"
    assert made_record().metric == "ndcg@10"


@pytest.mark.parametrize("config", [{}, made_record().config])
def test_pictures_are_drawn_even_of_a_mean_outside_its_interval(tmp_path: Path, config) -> None:
    odd = {"ndcg@10": Interval(0.5, 0.6, 0.7, 1)}
    slices = {"history": {"cold": odd}, "segment": {"a very long name of a segment indeed": odd}}
    record = made_record(config=config, valid_intervals=odd, slices=slices)
    plots.save(plots.by_k(record, "valid"), tmp_path / "k.png")
    plots.save(plots.by_slice(record), tmp_path / "slice.png")
    assert (tmp_path / "k.png").read_bytes().startswith(b"\x89PNG")
    texts = [text.get_text() for text in plots.by_slice(record).axes[0].texts]
    known = ": no event before" if config else ""
    assert texts[:3] == ["history", f"cold{known}", "0.500          1"]
    assert "a very long name of a segme…" in texts


def test_slices_without_the_chosen_metric_are_not_drawn() -> None:
    other = {"recall@5": Interval(0.5, 0.4, 0.6, 9)}
    slices = {"history": {"hot": made_record().valid_intervals}, "touchpoint": {"app": other}}
    axes = plots.by_slice(made_record(slices=slices)).axes[0]
    assert "touchpoint" not in [text.get_text() for text in axes.texts]


def test_only_what_lies_between_zero_and_one_is_drawn_over_k() -> None:
    intervals = {**made_record().valid_intervals, "novelty@5": Interval(9, 8, 10, 3)}
    axes = plots.by_k(made_record(valid_intervals=intervals), "valid").axes[0]
    assert [line.get_label() for line in axes.lines] == ["recall", "ndcg"]
