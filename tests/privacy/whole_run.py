"""A folder with everything that recsys keeps of customers, made by its commands."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import torch
from warm_programs import warm_path

from recsys.serving import load
from recsys.serving.answer_log import AnswerLog
from recsys.training.loop.checkpoint import Checkpoint

TABLES = (
    "data=files", "data.root=market", "data.valid_from=2025-10-01", "data.test_from=2025-11-15",
    "data.ends=2026-01-01",
)  # fmt: skip
STORE = "track.uri=sqlite:///mlflow.db"
KEY = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Ended:
    code: int
    said: str


def recsys(*words: str, folder: Path, **environment: str) -> Ended:
    """Runs a command in a folder."""
    done = subprocess.run(
        ["recsys", *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": warm_path(), "MPLBACKEND": "Agg", **environment},
    )  # fmt: skip
    return Ended(done.returncode, done.stdout + done.stderr)


def made(folder: Path) -> Path:
    """Simulates, trains, exports, stores, decides, logs, and looks at one customer."""

    def run(*words: str) -> None:
        ended = recsys(*words, folder=folder, RECSYS_PSEUDONYM_KEY=KEY)
        assert ended.code == 0, (words, ended.said)

    run("simulate", "events=1500", "records=true", "seed=3", "out=market")
    of_training = ("evaluate.resamples=10", STORE, "model=als", "model.dim=8")
    run("train", *TABLES, *of_training, "hydra.run.dir=runs/als")
    run("train", *TABLES, *of_training, "track.pseudonyms=true", "track.experiment=hidden",
        "hydra.run.dir=runs/hidden")  # fmt: skip
    run("export", STORE, "policy=market", "out=artifacts/best")
    run("promote", "artifact=artifacts/best", STORE)
    run("store", "artifact=artifacts/best", "to=stores/parquet")
    run("recommend", "artifact=artifacts/best", "everyone=true", "at=as_of",
        "out=lists/everyone.parquet")  # fmt: skip
    run("decide", "artifact=artifacts/best", "at=2026-01-01", "touchpoints=all",
        "out=plans/day.parquet")  # fmt: skip
    run("identities", *TABLES[:2], "out=persons")
    run("segments", *TABLES, "out=results/segments.csv", "page=pages/segments.html")
    customer = person(folder)
    run("customer", *TABLES, f"id={customer}", "page=pages/customer.html", "log=true", STORE)
    _answers(folder, customer)
    _leftovers(folder, customer)
    return folder


def copied(first: Path, folder: Path) -> Path:
    """The same elsewhere, with a store whose runs lie there too."""
    shutil.copytree(first, folder, dirs_exist_ok=True)
    columns = {"experiments": "artifact_location", "runs": "artifact_uri",
               "model_versions": "source"}  # fmt: skip
    with closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        for table, column in columns.items():
            database.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(first), str(folder))
            )
    return folder


def person(folder: Path) -> str:
    """The customer with most events, who is in every file."""
    return str(pd.read_parquet(folder / "market" / "interactions")["customer_id"].mode()[0])


def _answers(folder: Path, customer: str) -> None:
    """A log of what was answered, plain and under pseudonyms."""
    artifact = load(folder / "artifacts" / "best")
    for name, how in (("answers", "plain"), ("hashed", "hashed")):
        log = AnswerLog(
            folder / "logs" / name, model_version="1", customers=how, key=KEY, seconds=3600
        )
        for each in (customer, str(artifact.contents.customers.ids[0])):
            log.add(artifact.recommend(each, at="as_of"), at=datetime(2026, 1, 2, tzinfo=UTC))
        log.close()


def _leftovers(folder: Path, customer: str) -> None:
    """What kills leave: a checkpoint of a fit, a draft; and what people write beside."""
    Checkpoint(folder / "runs" / "gcn" / "fit.pt", {"model": {"dim": 8}}).write(
        {"customers": torch.ones(3, 8)}
    )
    for name in (".best.recsys-draft-0a1b2c3d", f".recsys-work-{16 * 'a'}-{16 * 'b'}"):
        draft = folder / "artifacts" / name
        draft.mkdir()
        (draft / "ids.parquet").write_bytes((folder / "artifacts/best/ids.parquet").read_bytes())
    (folder / "logs" / "server.log").write_text(
        f"POST /invocations 200 customer {customer}\nPOST /invocations 200\n"
    )
    (folder / "pages" / f"{customer}.html").write_text("<h1>36 years old</h1>")
    (folder / "results" / "calls.jsonl").write_text(
        f'{{"customer_id": "{customer}", "k": 5}}\n{{"customer_id": "C9999999", "k": 5}}\n'
    )
