"""Runs in a shared store of MLflow that somebody else wrote, or wrote over."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pandas as pd
import yaml

from benchmarks.fuzz.case import Command
from benchmarks.fuzz.mutate import VALUES, spoiled_bytes, spoiled_value
from benchmarks.fuzz.world import CUSTOMER, STORE

PARTS = ("runs", "tables")

_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("compare", STORE, "out=comparison"),
    ("ladder", STORE, "out=ladder"),
    ("export", STORE, "policy=market", "out=again"),
    ("forget", f"customer={CUSTOMER}", "in=tables", STORE),
)
_CELLS = (
    ("tags", "value"), ("params", "value"), ("latest_metrics", "value"), ("metrics", "value"),
    ("runs", "artifact_uri"), ("runs", "start_time"), ("runs", "name"), ("runs", "status"),
    ("experiments", "name"), ("experiments", "artifact_location"), ("tags", "key"),
    ("latest_metrics", "key"),
)  # fmt: skip
_FILES = (".yaml", ".json", ".parquet")
_PLACES = (
    "file:///etc", "../../outside", "/", "file://../outside", "http://127.0.0.1:9/x",
    "models:/x/1", "dbfs:/x", "runs:/x/y", "mlflow-artifacts:/x", "",
)  # fmt: skip


def spoil(folder: Path, random: Random) -> Command:
    """Spoils what a store says of a run, or a file of it, and names a command that reads it."""
    about = _database(folder, random) if random.random() < 0.5 else _file(folder, random)
    return Command(words=random.choice(_COMMANDS), about=about)


def _database(folder: Path, random: Random) -> str:
    table, column = random.choice(_CELLS)
    value = random.choice(VALUES)
    if column in ("artifact_uri", "artifact_location"):
        value = random.choice(_PLACES)
    if isinstance(value, int) and abs(value) >= 2**63:
        value = float("inf")
    if isinstance(value, list | dict):
        value = json.dumps(value)
    if isinstance(value, str):
        value = value.encode("utf-8", "replace").decode()
    if random.random() < 0.1:
        path = folder / "mlflow.db"
        path.write_bytes(spoiled_bytes(path.read_bytes(), random))
        return "mlflow.db: bytes"
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        database.execute("PRAGMA foreign_keys = OFF")
        rows = [row for (row,) in database.execute(f"SELECT rowid FROM {table}")]
        chosen = rows if random.random() < 0.3 else random.sample(rows, 1)
        database.executemany(
            f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = ?",
            [(value, row) for row in chosen],
        )
    return f"{table}.{column} is {str(value)[:40]!r}"


def _file(folder: Path, random: Random) -> str:
    run = random.choice(sorted((folder / "mlartifacts").iterdir())) / "artifacts"
    files = sorted(path for path in run.iterdir() if path.suffix in _FILES)
    path = random.choice(files)
    kind = random.randrange(4)
    if kind == 0:
        path.write_bytes(spoiled_bytes(path.read_bytes(), random))
        return f"{path.name}: bytes"
    if kind == 1:
        path.unlink()
        path.symlink_to(random.choice(("/etc/passwd", "/dev/zero", "../../../../outside/canary")))
        return f"{path.name}: a link to {path.readlink()}"
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        table[random.choice(list(table.columns))] = str(random.choice(VALUES)).encode(
            "utf-8", "replace"
        ).decode()  # fmt: skip
        table.to_parquet(path, index=False)
        return f"{path.name}: a column"
    if kind == 2 and path.suffix == ".yaml":
        target = {"_target_": "os.system", "command": "touch ../outside/x"}
        document = yaml.safe_load(path.read_text())
        document[random.choice(("model", "data", "split"))] = target
        path.write_text(yaml.safe_dump(document))
        return f"{path.name}: a foreign class"
    read = yaml.safe_load if path.suffix == ".yaml" else json.loads
    document = spoiled_value(json.loads(json.dumps(read(path.read_text()), default=str)), random)
    path.write_text(json.dumps(document))
    if random.random() < 0.1:
        shutil.rmtree(run)
    return f"{path.name}: a value"
