"""`evaluate.metrics` from the command line to `metrics.json`, MLflow's names and the pictures."""

from pathlib import Path

import pytest
from test_conf import composed
from test_run import settings

from recsys.errors import InputError
from recsys.evaluation.measures import METRICS, OF_CATALOGUE, OF_HITS, OF_RANKS, columns
from recsys.experiments.config import settings_from
from recsys.experiments.run import run
from recsys.models.popularity import Popularity
from recsys.tracking import plots
from recsys.tracking.metrics_json import metrics_json
from recsys.tracking.names import intervals_of, tracked_intervals


def test_a_run_without_recall_and_ndcg(tmp_path: Path) -> None:
    names = tuple(name for name in OF_HITS if name not in {"recall", "ndcg"})
    record = run(
        settings(Popularity(), "popularity", ks=(5, 10), metrics=names, metric="hit_rate@10")
    )
    wanted = [f"{name}@{k}" for name in names for k in (5, 10)]
    document = metrics_json(record, "id")
    assert list(document["valid"]) == wanted
    assert len(document["slices"]) > 2
    for dimension in document["slices"].values():
        assert all(list(part) == wanted for part in dimension.values())
    intervals = record.valid_intervals
    tracked = tracked_intervals("valid", intervals)
    assert "valid/hit_rate_10" in tracked
    assert intervals_of("valid", tracked) == intervals
    assert record.per_query_tables()["valid"].columns[2:].tolist() == wanted
    figure = plots.by_k(record, "valid")
    lines = figure.axes[0].lines
    assert [line.get_label() for line in lines] == list(names)
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == len(names)
    plots.save(figure, tmp_path / "k.png")
    plots.save(plots.by_slice(record), tmp_path / "slice.png")


def test_all_metrics_in_one_run() -> None:
    document = metrics_json(
        run(settings(Popularity(), "popularity", ks=(5, 10), metrics=METRICS)), "id"
    )
    per_query = [name for name in METRICS if name not in OF_CATALOGUE]
    assert list(document["valid"]) == columns(per_query, (5, 10))
    assert list(document["catalogue"]["valid"]) == columns(list(OF_CATALOGUE), (5, 10))
    assert 0.5 < document["valid"]["auc"]["mean"] < 1
    # What a list is, whatever is relevant, is no question for slices of relevant products.
    assert "novelty@5" in document["slices"]["history"]["hot"]
    assert list(document["slices"]["popularity"]["head"]) == columns((*OF_HITS, *OF_RANKS), (5, 10))


def test_metrics_are_read_from_the_configuration() -> None:
    usual = settings_from(composed("model=popularity")).evaluate
    assert (usual.metrics, usual.metric) == (("recall", "ndcg"), "ndcg@10")
    changed = composed(
        "model=popularity", "evaluate.metrics=[map,mrr]", "evaluate.metric=map@20",
    )  # fmt: skip
    assert settings_from(changed).evaluate.metrics == ("map", "mrr")


def test_one_needs_no_brackets() -> None:
    settings = settings_from(
        composed("model=popularity", "evaluate.ks=10", "evaluate.metrics=ndcg")
    )
    assert (settings.evaluate.ks, settings.evaluate.metrics) == ((10,), ("ndcg",))


def test_an_unknown_metric_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"expected some of precision, .*, got \['recal'\]"):
        settings_from(composed("model=popularity", "evaluate.metrics=[recal]"))
