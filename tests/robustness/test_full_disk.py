"""A disk that takes no more: code 2, one line, the old file whole, nothing left beside it.

The size that a file may have is limited, which the system answers as it answers a full disk.
"""

import hashlib
from pathlib import Path

import pytest
from small_market import FIT, Market

from benchmarks.warm_commands import run

pytestmark = pytest.mark.slow
LIMIT = 2000
"""Bytes; less than anything that is written here, and more than a line of a message."""

COMMANDS = {
    "everyone": ("recommend", "artifact=artifact", "everyone=true", "out=offers.parquet"),
    "recommend": ("recommend", "artifact=artifact", "customers=1", "k=4", "out=offers.json"),
    "store": ("store", "artifact=artifact", "to=store"),
    "export": ("export", "out=artifact", "overwrite=true", "track.uri=sqlite:///mlflow.db"),
    "train": ("train", *FIT, "track.uri=sqlite:///mlflow.db", "hydra.run.dir=run"),
    "checkpoint": (
        "train", *FIT[:-1], "model=lightgcn", "model.dim=8", "model.epochs=1", "hydra.run.dir=run",
        "track.uri=sqlite:///mlflow.db",
    ),
    "tune": (
        "tune", *FIT[:-1], "model=item_knn", "track.uri=sqlite:///mlflow.db", "study.trials=1",
        "study.minutes=null", "study.seeds=1", "study.out=best.yaml",
    ),
    "simulate": ("simulate", "--events", "1000", "--out", "simulated"),
    "compare": ("compare", "out=board", "track.uri=sqlite:///mlflow.db", "baseline=popularity"),
}  # fmt: skip


def contents(folder: Path) -> dict[str, str]:
    """Digests of all files, but for what Hydra notes of a command, and locks."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
        and not {"config", "mlruns", "mlartifacts"} & set(path.parts)
    }  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_one_line(name: str, market: Market, tmp_path: Path) -> None:
    market.copied(tmp_path)
    if name not in ("simulate", "tune"):
        alone = run(*COMMANDS[name], folder=tmp_path)
        assert alone.code == 0, alone.said
    before = contents(tmp_path)
    done = run(*COMMANDS[name], folder=tmp_path, limit=LIMIT)
    assert done.code == 2, done.said
    said = [line for line in done.said.splitlines() if line.startswith("error: ")]
    assert len(said) == 1, done.said
    assert "Traceback" not in done.said
    after = contents(tmp_path)
    assert {path: after.get(path) for path in before} == before
    hidden = {name for path in after if (name := path.rpartition("/")[2]).startswith(".")}
    # The token of a run, which tells a second start that it is the same run.
    assert hidden <= {".logging"}
