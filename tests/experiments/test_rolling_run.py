"""A run with several windows: each as a run of its own, resumed where it was killed, audited."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ladder_runs import kept

from recsys.data.dataset import Dataset
from recsys.data.identity import IdentityRules
from recsys.data.queries import Split, Window
from recsys.data.rolling import RollingSplit
from recsys.data.source import Source
from recsys.data.split import TimeSplit
from recsys.data.splitter import Splitter
from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.config import Settings
from recsys.experiments.run import run
from recsys.experiments.tuning.trials import prepare
from recsys.models.base import Recommender
from recsys.models.item_knn import ItemKNN
from recsys.models.popularity import Popularity
from recsys.reports.backtest.figures import backtest
from recsys.reports.ladder.rungs import rungs
from recsys.simulation import SimulatedMarket
from recsys.tracking.metrics_json import metrics_json
from recsys.tracking.record import RunRecord
from recsys.tracking.run_tags import run_tags, window_points
from recsys.tracking.runs import TrackConfig

EVALUATE = EvaluateConfig(ks=(10,), resamples=50)


def settings(model: Recommender, splitter: Splitter, name: str = "popularity") -> Settings:
    return Settings(
        source=SimulatedMarket(events=10_000),
        splitter=splitter,
        model=model,
        identity=IdentityRules(),
        evaluate=EVALUATE,
        track=TrackConfig(),
        seed=0,
        device="cpu",
        names={"data": "simulated", "split": "rolling", "model": name},
        config={"seed": 0, "evaluate": {"metric": "ndcg@10"}},
    )


@pytest.fixture(scope="module")
def record() -> RunRecord:
    return run(settings(ItemKNN(), RollingSplit(windows=3, ages=2), "item_knn"))


class MergedBefore(TimeSplit):
    """Merges ids by the links from before the oldest window, as all windows do."""

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        return pd.Timestamp("2025-04-01", tz="UTC")


@pytest.mark.parametrize(
    ("number", "splitter"),
    [
        (0, TimeSplit(valid_from="2025-04-01", test_from="2025-06-01")),
        (2, MergedBefore()),
    ],
)
def test_a_window_is_what_a_run_of_one_window_finds(
    record: RunRecord, number: int, splitter: TimeSplit
) -> None:
    alone, window = run(settings(ItemKNN(), splitter)), record.windows[number]
    assert alone.valid.values["ndcg@10"].tolist() == window.per_query.values["ndcg@10"].tolist()
    assert alone.valid_intervals == window.intervals


def test_valid_has_the_queries_of_all_windows(record: RunRecord) -> None:
    parts = [window.per_query.values["ndcg@10"] for window in record.windows]
    assert record.valid.values["ndcg@10"].tolist() == np.concatenate(parts).tolist()
    assert record.valid_intervals["ndcg@10"].mean == pytest.approx(np.concatenate(parts).mean())
    table = record.per_query_tables()["valid"]
    assert table["window"].value_counts().sort_index().tolist() == [len(part) for part in parts]


def test_old_and_fresh_models_answer_the_same_queries(record: RunRecord) -> None:
    assert [sorted(window.aged) for window in record.windows] == [[1, 2], [1], []]
    first, second, third = record.windows
    fresh = np.concatenate([second.per_query.values["ndcg@10"], third.per_query.values["ndcg@10"]])
    old = np.concatenate([first.aged[1].values["ndcg@10"], second.aged[1].values["ndcg@10"]])
    assert record.cost_of_age[1]["ndcg@10"].mean == pytest.approx((old - fresh).mean())
    aged = record.per_query_tables()["aged"]
    assert aged.groupby(["window", "age"]).size().to_dict() == {
        (1, 1): len(second.per_query.customers),
        (2, 1): len(third.per_query.customers),
        (2, 2): len(third.per_query.customers),
    }


def test_the_leakage_audit_runs_in_every_window(record: RunRecord) -> None:
    assert record.certificate is not None
    assert record.certificate.status == "passed"
    names = {check.window for check in record.certificate.checks if check.kind == "popularity"}
    starts = ("2025-04-01", "2025-06-01")
    assert names == {*(f"window from {start}T00:00:00+00:00" for start in starts), "valid"}
    edges = [check.cutoff for check in record.certificate.checks if check.kind == "edges"]
    assert len(edges) == 3


class Leaky(RollingSplit):
    """Gives the oldest window events of its own as its past."""

    def divide(self, data: Dataset, source: Source | None) -> Split:
        split = super().divide(data, source)
        oldest, *others = split.earlier
        leaking = replace(oldest, past=split.valid.past)
        windows: Sequence[Window] = [leaking, *others]
        return replace(split, earlier=windows)


def test_a_leak_in_an_earlier_window_fails_the_run() -> None:
    with pytest.raises(InputError, match="leakage audit, edges of window from 2025-04-01"):
        run(settings(Popularity(), Leaky(windows=3)))


def test_windows_stand_in_metrics_json_and_in_mlflow(record: RunRecord) -> None:
    document = metrics_json(record, "id")
    assert [window["from"][:10] for window in document["windows"]] == [
        "2025-04-01", "2025-06-01", "2025-08-01",
    ]  # fmt: skip
    means = [window["valid"]["ndcg@10"]["mean"] for window in document["windows"]]
    assert document["spread"]["ndcg@10"] == {
        "deviation": pytest.approx(np.std(means, ddof=1)),
        "lowest": min(means),
        "highest": max(means),
    }
    points = [point for point in window_points(record) if point[0] == "window/ndcg_10"]
    assert points == [("window/ndcg_10", mean, number) for number, mean in enumerate(means)]
    assert run_tags(record, {"git_dirty": False, "git_commit": None})["windows"] == "3"
    assert "ndcg@10 by window:" in record.summary()
    assert "fitted 2 windows earlier: ndcg@10" in record.summary()


class Counting(Popularity):
    """Writes down when it is fitted, and breaks in the third fit."""

    def __init__(self, log: Path, breaks: bool) -> None:
        super().__init__()
        self.log, self.breaks = log, breaks

    def fit(self, data: Dataset, validate: object = None) -> "Counting":
        fits = json.loads(self.log.read_text()) if self.log.exists() else []
        self.log.write_text(json.dumps([*fits, len(data.interactions)]))
        if self.breaks and len(fits) == 2:
            raise KeyboardInterrupt
        super().fit(data)
        return self


def test_a_killed_run_goes_on_after_its_last_finished_window(tmp_path: Path) -> None:
    splitter, log = RollingSplit(windows=4, ages=1), tmp_path / "fits.json"
    with pytest.raises(KeyboardInterrupt):
        run(settings(Counting(log, breaks=True), splitter), tmp_path / "checkpoint")
    before = json.loads(log.read_text())
    resumed = run(settings(Counting(log, breaks=False), splitter), tmp_path / "checkpoint")
    assert json.loads(log.read_text())[3:] == [before[2], before[2] + resumed_growth(resumed)]
    at_once = run(settings(Popularity(), splitter))
    for name in ("valid_intervals", "cost_of_age"):
        assert getattr(resumed, name) == getattr(at_once, name)
    assert resumed.certificate is not None
    assert at_once.certificate is not None
    assert sorted(map(str, resumed.certificate.checks)) == sorted(
        map(str, at_once.certificate.checks)
    )


def resumed_growth(record: RunRecord) -> int:
    return record.windows[3].events - record.windows[2].events


def test_what_needs_one_window_says_so(record: RunRecord) -> None:
    with pytest.raises(InputError, match=r"the ladder is of one window, and run item_knn has 3"):
        rungs([kept(record, tags={"windows": "3"})])
    with pytest.raises(InputError, match=r"expected one window to choose settings on, got 3"):
        prepare(None, settings(Popularity(), RollingSplit(windows=3)), {})  # type: ignore[arg-type]


def test_a_backtest_reads_what_runs_kept(record: RunRecord) -> None:
    names = {name: value for name, value, _ in window_points(record)}
    item_knn = kept(record, tags={"windows": "3"})
    item_knn = replace(item_knn, metrics={**item_knn.metrics, **names})
    made = backtest([item_knn])
    assert made.windows["mean"].tolist() == [
        pytest.approx(window.intervals["ndcg@10"].mean) for window in record.windows
    ]
    assert made.ages["difference"].tolist() == [
        pytest.approx(record.cost_of_age[age]["ndcg@10"].mean) for age in (1, 2)
    ]
    assert made.windows["start"].tolist() == ["2025-04-01", "2025-06-01", "2025-08-01"]
