"""Two writers of one target at once: what is there is always the whole of one of the two.

Forty races; who reports success has left a whole file of one of the two behind.
"""

import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_market import FIT, Market

from benchmarks.warm_commands import Command, Ended, run
from recsys.serving import load

RACES = int(os.environ.get("RECSYS_RACES", "8"))

pytestmark = pytest.mark.slow


def race(first: tuple[str, ...], second: tuple[str, ...], folder: Path) -> list[Ended]:
    """Both commands at once."""
    started = [Command(*words, folder=folder) for words in (first, second)]
    return [writer.end() for writer in started]


def beside(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_offers_for_everyone(market: Market, tmp_path: Path) -> None:
    copy = market.copied(tmp_path)
    ask = ("recommend", "artifact=artifact", "everyone=true")
    wanted = []
    for k in (3, 7):
        assert run(*ask, f"k={k}", f"out=alone-{k}.parquet", folder=copy.folder).code == 0
        wanted.append(pq.ParquetFile(tmp_path / f"alone-{k}.parquet").read())
    for _ in range(RACES):
        done = race((*ask, "k=3", "out=o.parquet"), (*ask, "k=7", "out=o.parquet"), tmp_path)
        assert [writer.code for writer in done] == [0, 0], done
        written = pq.ParquetFile(tmp_path / "o.parquet").read()
        assert any(written.equals(table) for table in wanted)
    assert beside(tmp_path) == []


def test_artifacts(market: Market, tmp_path: Path) -> None:
    copy = market.copied(tmp_path)
    ids = [run for (run,) in copy.rows("SELECT run_uuid FROM runs WHERE status = 'FINISHED'")]
    words = ("export", "out=artifact", "overwrite=true", copy.track)
    for _ in range(RACES):
        done = race((*words, f"run={ids[0]}"), (*words, f"run={ids[1]}"), tmp_path)
        assert [writer.code for writer in done] == [0, 0], done
        assert load(tmp_path / "artifact").facts["mlflow_run_id"] in ids
    assert beside(tmp_path) == []


def test_stores(market: Market, tmp_path: Path) -> None:
    copy = market.copied(tmp_path)
    other = ("export", "out=other", copy.track, "metric=recall@5", "dim=4")
    assert run(*other, folder=tmp_path).code == 0
    for _ in range(RACES):
        words = [("store", f"artifact={name}", "to=store") for name in ("artifact", "other")]
        done = race(*words, tmp_path)
        assert [writer.code for writer in done] == [0, 0], done
        tables = [pq.ParquetFile(path).read() for path in (tmp_path / "store").iterdir()]
        assert len(tables) == 3
        assert len({table.schema.metadata[b"recsys"] for table in tables}) == 1
    assert beside(tmp_path) == []


def test_promotions(market: Market, tmp_path: Path) -> None:
    from test_promotion import PLAIN, challenger

    from recsys.tracking.registry import champion
    from recsys.tracking.runs import TrackConfig

    copy = market.copied(tmp_path)
    store = TrackConfig(uri=f"sqlite:///{tmp_path}/mlflow.db", experiment="promotions")
    challenger(store, tmp_path / "weak", PLAIN)
    challenger(store, tmp_path / "strong", PLAIN + 0.1, model="gnn")
    for number in range(RACES):
        words = [
            ("promote", f"artifact={name}", copy.track, f"model_name=m{number}")
            for name in ("weak", "strong")
        ]
        weak, strong = race(*words, tmp_path)
        # The strong one wins in either order; the weak one is refused where it comes second.
        assert strong.code == 0, strong
        now = champion(store, f"m{number}")
        assert now is not None
        assert (weak.code, now.version) in {(0, "2"), (2, "1")}, weak


def test_metrics(market: Market, tmp_path: Path) -> None:
    copy = market.copied(tmp_path)
    for number in range(RACES):
        words = ("train", *FIT, copy.track, f"hydra.run.dir=run-{number}")
        done = race((*words, "seed=1"), (*words, "seed=2"), tmp_path)
        assert any(writer.code == 0 for writer in done), done
        for writer in done:
            # The second is refused while the first runs.
            refused = writer.code == 2 and "is in use by another run" in writer.said
            assert writer.code == 0 or refused, writer
        metrics = json.loads((tmp_path / f"run-{number}" / "metrics.json").read_text())
        known = copy.rows("SELECT status FROM runs WHERE run_uuid = ?", metrics["mlflow_run_id"])
        assert known == [("FINISHED",)]
        shutil.rmtree(tmp_path / f"run-{number}")
