"""A run with a leak ends with one line that names it; a clean one says that it was audited."""

import json
import os
import re
import subprocess
from pathlib import Path

import leaks
import pandas as pd
import pytest
from public_data import published
from warm_programs import warm_python

from recsys.data.dataset import Dataset
from recsys.data.identity import IdentityRules
from recsys.data.source import Source
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.data.sources.files import Files
from recsys.data.sources.lightgcn import LightGCNFiles
from recsys.data.sources.movielens import MovieLens
from recsys.data.sources.retail_rocket import RetailRocket
from recsys.data.split import GivenSplit, LeaveLastOut, TimeSplit
from recsys.data.splitter import Splitter
from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.config import Settings
from recsys.experiments.run import load, prepare, run
from recsys.models.base import Recommender
from recsys.models.popularity import Popularity
from recsys.models.segment import Segment
from recsys.simulation import SimulatedMarket
from recsys.tracking.metrics_json import metrics_json
from recsys.tracking.record import RunRecord
from recsys.tracking.runs import TrackConfig

ROOT = Path(__file__).parents[2]
MARKET = SimulatedMarket(events=10_000)
UNORDERED = "not certifiable: no order"


@pytest.fixture(scope="module")
def everything() -> Dataset:
    data, _ = load(MARKET, TimeSplit())
    return data


def audited_run(
    model: Recommender,
    splitter: Splitter | None = None,
    source: Source = MARKET,
    test: bool = False,
) -> RunRecord:
    return run(
        Settings(
            source=source,
            splitter=splitter or TimeSplit(),
            model=model,
            identity=IdentityRules(),
            evaluate=EvaluateConfig(ks=(10,), resamples=20, test=test),
            track=TrackConfig(),
            seed=0,
            device="cpu",
            names={"data": source.name, "split": "time", "model": "popularity"},
            config={"seed": 0},
        )
    )


# --- planted leaks ----------------------------------------------------------------------


def refusal(model: Recommender, splitter: Splitter | None = None, test: bool = False) -> str:
    with pytest.raises(InputError) as caught:
        audited_run(model, splitter, test=test)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def row_of(error: str, kind: str, window: str = "valid", table: str = "interactions") -> pd.Series:
    """The row of the source that the line names; kind, table and column are as expected."""
    match = re.match(
        rf"leakage audit, {kind} of {window}: {table}: row (\d+) \(.+\), column 'timestamp': ",
        error,
    )
    assert match, error
    return getattr(MARKET.load(), table).iloc[int(match[1])]


def test_edges() -> None:
    row = row_of(refusal(Popularity(), leaks.LeakyEdges()), "edges")
    start = MARKET.cutoffs.valid_from
    assert start <= row["timestamp"] < start + pd.Timedelta(days=3)


def test_edges_of_the_refit() -> None:
    splitter = leaks.LeakyEdges(window="test")
    row = row_of(refusal(Popularity(), splitter, test=True), "edges", "test")
    assert row["timestamp"] >= MARKET.cutoffs.test_from
    # Where test is not read, nobody looks at its past.
    assert audited_run(Popularity(), splitter).certificate.status == "passed"


def test_features() -> None:
    row = row_of(refusal(Popularity(), leaks.LeakyFeatures()), "features", table="decisions")
    assert row["timestamp"] >= MARKET.cutoffs.valid_from


def test_identities() -> None:
    row = row_of(refusal(Popularity(), leaks.LeakyIdentities()), "identities", table="identities")
    assert MARKET.cutoffs.valid_from <= row["timestamp"] < MARKET.cutoffs.test_from


def test_popularity(everything: Dataset) -> None:
    for window in (None, 60):
        model = leaks.LeakyPopularity(everything=everything, window=window)
        row = row_of(refusal(model), "popularity")
        assert row["timestamp"] >= MARKET.cutoffs.valid_from
        assert row["action"] in MARKET.targets


def test_segments(everything: Dataset) -> None:
    row = row_of(refusal(leaks.LeakySegment(everything=everything)), "segments")
    assert row["timestamp"] >= MARKET.cutoffs.valid_from


@pytest.mark.parametrize("kind", ["negatives", "calibrators"])
def test_what_a_model_states_of_later(kind: str, everything: Dataset) -> None:
    row = row_of(refusal(leaks.LeakyMoments(kind=kind, everything=everything)), kind)
    assert row["timestamp"] >= MARKET.cutoffs.valid_from


def test_a_script_ends_with_one_line_and_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            warm_python(), str(ROOT / "scripts" / "train.py"), "model=popularity",
            "data.events=2000", "split._target_=leaks.LeakyEdges", "allow=[leaks]",
        ],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: leakage audit, edges of valid: interactions: row ")
    assert not list(tmp_path.rglob("metrics.json"))


# --- clean runs -------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Popularity(), Popularity(window=30), Segment()])
def test_a_clean_run_passes_in_both_windows(model: Recommender) -> None:
    record = audited_run(model, test=True)
    certificate = record.certificate
    assert certificate.status == metrics_json(record, "id")["audit"] == "passed"
    assert "  audit passed" in record.summary().splitlines()
    for window in ("valid", "test"):
        kinds = {check.kind for check in certificate.checks if check.window == window}
        assert kinds >= {"edges", "features", "popularity", "segments", "negatives", "calibrators"}
    for check in certificate.checks:
        if check.latest is not None and check.kind != "answers":
            assert check.latest < check.cutoff
    stated = [check for check in certificate.checks if check.kind == "popularity"]
    assert all(check.rows > 0 for check in stated)


def test_a_run_without_cut_offs_is_not_certified() -> None:
    record = audited_run(Segment(), LeaveLastOut())
    assert record.certificate.status == metrics_json(record, "id")["audit"] == UNORDERED
    assert "events of other customers may be later than a query" in record.summary()


def test_your_own_tables_are_audited(tmp_path: Path) -> None:
    for name, table in SimulatedMarket(events=2_000).load().items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    source = Files(root=str(tmp_path), valid_from="2025-08-01", test_from="2025-10-01")
    assert audited_run(Segment(), source=source, test=True).certificate.status == "passed"
    json.dumps(audited_run(Segment(), source=source).certificate.document())


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("source", "folder", "splitter", "status"),
    [
        (CompleteJourney, "complete_journey", TimeSplit(), "passed"),
        (MovieLens, "movielens_100k", TimeSplit(), "passed"),
        (MovieLens, "movielens_100k", LeaveLastOut(), UNORDERED),
        (RetailRocket, "retail_rocket", GivenSplit(), UNORDERED),
        (LightGCNFiles, "gowalla", GivenSplit(), UNORDERED),
        (LightGCNFiles, "yelp2018", GivenSplit(), UNORDERED),
    ],
)
def test_every_public_source_is_clean(
    source: type, folder: str, splitter: Splitter, status: str
) -> None:
    _, split, audit = prepare(source(root=published(folder)), splitter)
    audit.window("test")
    model = Segment()
    audit.fit("valid", model.fit(split.valid.past).derived)
    audit.fit("test", model.fit(split.test.past).derived)
    assert audit.certificate.status == status
