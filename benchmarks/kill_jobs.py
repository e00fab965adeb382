"""The long jobs that `suite=kills` kills: their words, and what they leave behind."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recsys import Dataset
from recsys.data.sources.files import Files
from recsys.graph.stored_graph import stored_graph
from recsys.serving.stores.pgvector_tables import PREFIX
from recsys.serving.stores.tables import NAMES

STORE = "track.uri=sqlite:///mlflow.db"
AT = "at=2025-10-01"
Left = Mapping[str, str]
"""Name -> digest of each thing that a job leaves: rows of a store, trials, files, runs."""


@dataclass(frozen=True)
class Job:
    """A command.

    Attributes:
        words: the command and its settings.
        left: what it leaves in the folder it ran in.
    """

    words: Sequence[str]
    left: Callable[[Path], Left]


def jobs(events: int, postgresql: str | None) -> dict[str, Job]:
    """Name -> job; each runs in a copy of the folder that `prepare` makes.

    Args:
        events: of the markets.
        postgresql: address of a database with pgvector; None leaves that store out.
    """
    small = (f"data.events={events}", "evaluate.resamples=20")
    train = ("train", "data=simulated", *small, STORE, "hydra.run.dir=run")
    made = {
        "load": Job(("simulate", "out=tables", f"events={events}"), _tables_of("tables")),
        "train": Job(
            (*train, "model=lightgcn", "model.dim=8", "model.epochs=3",
             "model.checkpoint_seconds=0"), _run,
        ),
        "backtest": Job(
            (*train, "model=popularity", "split=rolling", "split.windows=3"), _run,
        ),
        "tune": Job(
            ("tune", "data=simulated", *small, STORE, "model=popularity", "study.name=s",
             "study.trials=5", "study.minutes=null", "study.seeds=1", "study.prune=false",
             "study.out=best.yaml", "hydra.run.dir=run"), _study,
        ),
        "export": Job(
            ("export", "out=exported", "overwrite=true", "policy=market", STORE), _artifact,
        ),
        "decide": Job(
            ("decide", "artifact=artifact", AT, "out=plan.parquet"), _tables_of("plan.parquet"),
        ),
        "everyone": Job(
            ("recommend", "artifact=artifact", "everyone=true", AT, "out=offers.parquet"),
            _tables_of("offers.parquet"),
        ),
        "new_day": Job(
            ("new_day", "data=files", "data.root=market", "data.store=kept"), _kept_events
        ),
        "store": Job(("store", "artifact=artifact", "to=store"), _tables_of("store")),
        "identities": Job(
            ("identities", "data=files", "data.root=market", "data.valid_from=2025-08-01",
             "data.test_from=2025-10-01", "out=persons"), _tables_of("persons"),
        ),
        "closed_loop": Job(
            ("closed_loop", "out=loop", "rounds=3", f"events={events}", "seeds=1", STORE),
            _tables_of("loop"),
        ),
    }  # fmt: skip
    if postgresql is not None:
        made["pgvector"] = Job(
            ("store", "artifact=artifact", f"to={postgresql}"), lambda _: _rows(postgresql)
        )
    return made


def prepare(events: int) -> list[Sequence[str]]:
    """Commands that make what the jobs begin with, in their order."""
    fit = ("train", "data=simulated", f"data.events={events}", "evaluate.resamples=20", STORE)
    return [
        ("simulate", "out=market", f"events={events}"),
        (*fit, "model=als", "model.dim=8", "model.epochs=3", "hydra.run.dir=before"),
        ("export", "out=artifact", "policy=market", STORE),
    ]


def _tables_of(name: str) -> Callable[[Path], Left]:
    """What is in the Parquet files of a folder, or in one."""

    def left(folder: Path) -> Left:
        path = folder / name
        files = [path] if path.is_file() else sorted(path.rglob("*.parquet"))
        return {
            str(file.relative_to(folder)): _table(pq.ParquetFile(file).read()) for file in files
        }

    return left


def _table(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    plain = table.replace_schema_metadata(None).combine_chunks()
    with pa.ipc.new_stream(sink, plain.schema) as stream:
        stream.write_table(plain)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def _kept_events(folder: Path) -> Left:
    """The events and the graph of a store, whose parts are not read again."""
    source = Files(root=str(folder / "market"), store=str(folder / "kept"))
    graph = stored_graph(source)
    digest = hashlib.sha256()
    for array in (graph.matrix.indptr, graph.matrix.indices, graph.matrix.data):
        digest.update(array.tobytes())
    return {
        "graph": digest.hexdigest(),
        "events": Dataset.from_source(source).fingerprint,
        "parts read again": str(graph.events.changes.added + graph.events.changes.changed),
    }


def _run(folder: Path) -> Left:
    """Metrics without cost, and the finished runs of MLflow."""
    document = json.loads((folder / "run" / "metrics.json").read_text())
    run_id = document.pop("mlflow_run_id")
    for cost in ("seconds", "cpu_seconds", "peak_memory_mb"):
        document.pop(cost)
    runs = _finished(folder)
    return {
        "metrics.json": json.dumps(document, sort_keys=True),
        "its run": str(run_id in runs.values()),
        **dict.fromkeys(runs, ""),
    }


def _finished(folder: Path) -> dict[str, str]:
    """Name and number of finished runs -> id."""
    query = "SELECT name, run_uuid FROM runs WHERE status = 'FINISHED' ORDER BY name"
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        rows = database.execute(query).fetchall()
    return {f"run {number} {name}": run_id for number, (name, run_id) in _numbered(rows)}


def _numbered(rows: Sequence[tuple[str, str]]) -> list[tuple[int, tuple[str, str]]]:
    """Each row with its number among those of the same name."""
    seen: dict[str, int] = {}
    numbered = []
    for name, value in rows:
        seen[name] = seen.get(name, 0) + 1
        numbered.append((seen[name], (name, value)))
    return numbered


def _study(folder: Path) -> Left:
    """Trials that ended, their children in MLflow, the best settings, the run of them."""
    with closing(sqlite3.connect(folder / "tune.db")) as database:
        trials = database.execute(
            "SELECT p.param_value, v.value FROM trials t JOIN trial_params p USING (trial_id) "
            "JOIN trial_values v USING (trial_id) WHERE t.state = 'COMPLETE' ORDER BY 1"
        ).fetchall()
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        children = database.execute(
            "SELECT m.value, '' FROM runs JOIN tags t USING (run_uuid) "
            "JOIN latest_metrics m USING (run_uuid) WHERE t.key = 'trial' AND "
            "m.key = 'valid/ndcg_10' AND lifecycle_stage = 'active' ORDER BY 1"
        ).fetchall()
        best = database.execute(
            "SELECT count(*) FROM tags f JOIN tags b USING (run_uuid) JOIN runs USING (run_uuid) "
            "WHERE f.key = 'fingerprint' AND b.key = 'of_trial' AND status = 'FINISHED'"
        ).fetchone()[0]
    settings = [line for line in (folder / "best.yaml").read_text().splitlines() if line[:1] != "#"]
    named = [(f"trial with {parameter}", str(value)) for parameter, value in trials]
    logged = [(f"child of {value}", "") for value, _ in children]
    return {
        **{f"{name} {number}": value for number, (name, value) in _numbered(named + logged)},
        **{f"run of the best {number}": "" for number in range(best)},
        "best.yaml": "\n".join(settings),
    }


def _artifact(folder: Path) -> Left:
    """Files of an artifact; of the manifest what does not tell the time."""
    left = {}
    for file in sorted((folder / "exported").rglob("*")):
        if file.is_file() and file.name not in ("manifest.json", "MODEL_CARD.md"):
            left[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest: dict[str, Any] = json.loads((folder / "exported" / "manifest.json").read_text())
    for changing in ("created", "git_commit", "mlflow_run_id", "files", "sha256"):
        manifest.pop(changing, None)
    return {**left, "manifest.json": json.dumps(manifest, sort_keys=True)}


def _rows(address: str) -> Left:
    """The rows of the tables in PostgreSQL."""
    import psycopg

    with psycopg.connect(address) as database:
        return {
            name: hashlib.sha256(
                "\n".join(
                    str(row)
                    for (row,) in database.execute(
                        f"SELECT t::text FROM {PREFIX}{name} t ORDER BY 1"
                    ).fetchall()
                ).encode()
            ).hexdigest()
            for name in NAMES
        }
