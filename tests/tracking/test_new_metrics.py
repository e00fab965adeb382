"""A metric that a user adds goes through the pictures and the store as the others do."""

from pathlib import Path

import pytest
from record_maker import made_record

from recsys.errors import InputError
from recsys.evaluation import measures
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.intervals import Interval
from recsys.tracking import plots
from recsys.tracking.names import intervals_of, tracked_intervals


def test_a_metric_that_is_new_is_drawn_with_a_colour_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = [f"new_{number}" for number in range(12)]
    monkeypatch.setattr(
        "recsys.tracking.plots.OF_HITS", {**measures.OF_HITS, **dict.fromkeys(new, measures.ndcg)}
    )
    interval = Interval(mean=0.2, low=0.1, high=0.3, customers=3)
    record = made_record(
        valid_intervals={f"{name}@{k}": interval for name in ["ndcg", *new] for k in (5, 10)}
    )
    figure = plots.by_k(record, "valid")
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["ndcg", *new]
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 13
    plots.save(figure, tmp_path / "picture.png")


def test_a_metric_is_read_back_by_the_name_it_was_given() -> None:
    interval = Interval(mean=0.2, low=0.1, high=0.3, customers=3)
    names = ("hits_at_home@5", "hits_at@5", "hits.low@5", "top_3@5", "auc", "recall@20")
    given = dict.fromkeys(names, interval)
    assert intervals_of("valid", tracked_intervals("valid", given)) == given


def test_a_metric_whose_name_the_store_would_refuse_is_said_before_the_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = {**measures.OF_HITS, "f1/β%": measures.ndcg}
    monkeypatch.setattr("recsys.evaluation.config.OF_HITS", odd)
    monkeypatch.setattr("recsys.evaluation.config.METRICS", tuple(odd))
    with pytest.raises(InputError, match=r"letters, digits and '_', got 'f1/β%'"):
        EvaluateConfig(metrics=("ndcg", "f1/β%"))
