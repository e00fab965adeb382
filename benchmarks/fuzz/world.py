"""What is spoiled: small tables, an artifact, runs in MLflow and settings, all of them good."""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pandas as pd

from benchmarks.fuzz.case import WALL
from benchmarks.fuzz.process import Process
from recsys.ops.conf_folder import conf_folder

TABLES = (
    "data=files", "data.root=tables", "data.valid_from=2025-10-01", "data.test_from=2025-11-15",
    "data.ends=2026-01-01",
)  # fmt: skip
STORE = "track.uri=sqlite:///mlflow.db"
FIT = (*TABLES, "evaluate.resamples=10", STORE)
NAMES = (
    "interactions", "customers", "products", "offers", "touchpoints", "identities", "decisions",
    "records",
)  # fmt: skip
CANARY = "alive"
CUSTOMER = "C0000001"

_OWN = """_target_: recsys.data.sources.files.Files
root: tables
rename: {interactions: {customer_id: customer_id}}
targets: [accept, purchase]
filter_seen: {purchase: forever, reject: 90 days}
valid_from: 2025-10-01
test_from: 2025-11-15
ends: 2026-01-01
"""
_MAPPING = """separator: ","
encoding: utf-8
decimal: "."
dates: ["%Y-%m-%d %H:%M:%S.%f%z", "%Y-%m-%d %H:%M:%S%z"]
flags: {"True": true, "False": false}
tables:
  interactions:
    columns: {customer_id: customer_id}
    drop_rows: {action: [nothing]}
  customers:
    duplicates: last
"""


def made(folder: Path) -> Path:
    """Makes a world in a folder; each step is a command of the program.

    Raises:
        RuntimeError: a command failed on good input.
    """
    folder.mkdir(parents=True)
    _run(folder, "simulate", "events=1000", "records=true", "out=market")
    (folder / "tables").mkdir()
    (folder / "parquet").mkdir()
    for name in NAMES:
        path = folder / "market" / name
        table = pd.read_parquet(path if path.exists() else path.with_suffix(".parquet"))
        table.to_csv(folder / "tables" / f"{name}.csv", index=False)
        table.to_parquet(folder / "parquet" / f"{name}.parquet", index=False)
    shutil.rmtree(folder / "market")
    for model in ("popularity", "item_knn"):
        _run(folder, "train", *FIT, f"model={model}", f"hydra.run.dir=runs/{model}")
    _run(folder, "export", STORE, "policy=market", "out=artifact")
    for kind, name in (("policy", "market"), ("segments", "default"), ("signals", "default")):
        shutil.copyfile(conf_folder() / kind / f"{name}.yaml", folder / f"{kind}.yaml")
    (folder / "own" / "data").mkdir(parents=True)
    (folder / "own" / "data" / "own.yaml").write_text(_OWN)
    (folder / "mapping.yaml").write_text(_MAPPING)
    return folder


def copied(world: Path, folder: Path, parts: Sequence[str]) -> Path:
    """Some parts of a world in a folder of a case, beside one that nobody may touch.

    Args:
        world: as `made`.
        folder: of the case; gets `inside`, in which a command runs, and `outside`.
        parts: names of files and folders; `runs` brings the store of MLflow.
    """
    inside, outside = folder / "inside", folder / "outside"
    inside.mkdir(parents=True)
    outside.mkdir()
    (outside / "canary").write_text(CANARY)
    (outside / "t.csv").write_text("customer_id,product_id\n")
    for name in (*parts, *(("mlflow.db", "mlartifacts") if "runs" in parts else ())):
        if (world / name).is_dir():
            shutil.copytree(world / name, inside / name)
        else:
            shutil.copyfile(world / name, inside / name)
    if (inside / "mlflow.db").exists():
        _moved_store(inside, str(world))
    return inside


def _moved_store(inside: Path, world: str) -> None:
    columns = {"experiments": "artifact_location", "runs": "artifact_uri"}
    with closing(sqlite3.connect(inside / "mlflow.db")) as database, database:
        for table, column in columns.items():
            database.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (world, str(inside))
            )


def is_untouched(folder: Path) -> bool:
    """Whether what lies outside of a case's folder is as it was."""
    outside = folder / "outside"
    names = sorted(path.name for path in outside.iterdir())
    return names == ["canary", "t.csv"] and (outside / "canary").read_text() == CANARY


def _run(folder: Path, *words: str) -> None:
    ended = Process(words, folder).end(WALL, WALL)
    if ended.code != 0:
        raise RuntimeError(f"{' '.join(words)}: {ended.said}")
