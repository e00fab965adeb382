"""A planted secret is in no file that a run leaves, and in no line that it says."""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from warm_programs import warm_path

from recsys.privacy.scan.scan import scan

PLANTED = "pl4nted-Secret@9"
SPELLINGS = {PLANTED, "pl4nted-Secret%409", "pl4nted-Secret"}
IN_ADDRESS = "pl4nted-Secret%409"
SETTINGS = ("data.valid_from=2026-01-10", "data.test_from=2026-01-20", "evaluate.resamples=10")
VARIABLES = {
    "MLFLOW_TRACKING_PASSWORD": PLANTED, "MLFLOW_TRACKING_TOKEN": PLANTED,
    "AWS_SECRET_ACCESS_KEY": PLANTED, "PGPASSWORD": PLANTED, "RECSYS_PSEUDONYM_KEY": PLANTED * 3,
    "SHOP_KEY": PLANTED * 3,
}  # fmt: skip
"""What only the environment may hold."""


def recsys(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["recsys", *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": warm_path(), "MPLBACKEND": "Agg", **VARIABLES, **variables},
    )  # fmt: skip


def assert_hidden(folder: Path, done: subprocess.CompletedProcess[str]) -> None:
    said = done.stdout + done.stderr
    assert not [each for each in SPELLINGS if each in said], said
    assert "Traceback" not in said
    assert scan([folder], SPELLINGS) == []


@pytest.fixture(scope="module")
def database(postgresql_uri: str) -> str:
    """A shop in PostgreSQL, and its address with a password, which the server does not ask for."""
    import sqlalchemy

    uri = postgresql_uri.replace("postgresql://", "postgresql+psycopg://")
    engine = sqlalchemy.create_engine(uri)
    events = pd.DataFrame(
        {
            "customer_id": ["ann", "bob", "cleo", "ann"] * 8,
            "product_id": ["milk", "tea", "jam", "bread"] * 8,
            "action": "purchase",
            "timestamp": pd.date_range("2026-01-01", periods=32, freq="D", tz="UTC"),
        }
    )
    events.to_sql("planted_events", engine, if_exists="replace", index=False)
    engine.dispose()
    user = urlsplit(postgresql_uri).username
    return postgresql_uri.replace(f"//{user}:@", f"//{user}@").replace(
        f"//{user}@", f"//{user}:{IN_ADDRESS}@"
    )


@pytest.mark.parametrize("door", ["data.uri", "data.uri_env"])
def test_a_run_on_a_database_keeps_no_password(door: str, database: str, tmp_path: Path) -> None:
    address = "SHOP_URI" if door == "data.uri_env" else f"'{database}'"
    words = ("data=sql", f"{door}={address}", "data.queries.interactions=planted_events",
             "data.hash_ids=SHOP_KEY", "data.filter_seen=false")  # fmt: skip
    variables = {"SHOP_URI": database}

    trained = recsys(
        tmp_path, "train", *words, *SETTINGS, "model=popularity", "track.pseudonyms=true",
        "hydra.run.dir=run", **variables,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert_hidden(tmp_path, trained)
    for command in (
        ("export", "out=artifact"), ("compare", "out=comparison"), ("check", *words),
        ("signals", *words, "page=signals.html", "log=true"),
        ("store", "artifact=artifact", f"to={database}"),
        ("tune", *words, *SETTINGS, "model=item_knn", "study.trials=1", "study.out=best.yaml",
         "hydra.run.dir=tuned"),
    ):  # fmt: skip
        assert_hidden(tmp_path, recsys(tmp_path, *command, **variables))
    assert (tmp_path / "mlflow.db").stat().st_size > 0
    assert (tmp_path / "run" / "config" / "overrides.yaml").exists()


QUICK = ("model=popularity", "data.events=2000")
ADDRESSES = {
    "a tracking server": ("train", *QUICK, f"track.uri=http://me:{IN_ADDRESS}@127.0.0.1:9"),
    "a database of runs": ("train", *QUICK, f"track.uri=postgresql://me:{IN_ADDRESS}@127.0.0.1:9/d"),
    "a sweep": ("train", "-m", "seed=0,1", *QUICK, f"track.uri=http://me:{IN_ADDRESS}@127.0.0.1:9"),
    "a database of events": ("check", "data=sql", f"data.uri=postgresql://me:{IN_ADDRESS}@127.0.0.1:9/d",
                             "data.queries.interactions=e"),
    "by SQLAlchemy": ("check", "data=sql", "data.queries.interactions=e",
                      f"data.uri=postgresql+psycopg://me:{IN_ADDRESS}@127.0.0.1:9/d"),
    "a lake": ("check", "data=delta", f"data.tables.interactions=s3://me:{IN_ADDRESS}@b/t"),
    "a store": ("store", "artifact=none", f"to=postgresql://me:{IN_ADDRESS}@127.0.0.1:9/d"),
    "a store to forget in": ("forget", "customer=ann", f"to=postgresql://me:{IN_ADDRESS}@127.0.0.1:9/d"),
    "runs to forget": ("forget", "customer=ann", f"track.uri=http://me:{IN_ADDRESS}@127.0.0.1:9"),
    "a registry": ("serve", "model_name=m", f"track.uri=http://me:{IN_ADDRESS}@127.0.0.1:9"),
    "a report": ("compare", f"track.uri=http://me:{IN_ADDRESS}@127.0.0.1:9"),
    "a wrong key": ("compare", f"track_uri=http://me:{IN_ADDRESS}@127.0.0.1:9"),
    "a folder": ("forget", "customer=ann", f"in=s3://me:{IN_ADDRESS}@b/t"),
}  # fmt: skip

LOST = ("a tracking server", "a database of runs", "a sweep")


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_that_is_refused_is_not_repeated(name: str, tmp_path: Path) -> None:
    done = recsys(tmp_path, *ADDRESSES[name])

    # A run goes on without its server, and is kept.
    assert done.returncode == (0 if name in LOST else 2), done.stderr
    assert_hidden(tmp_path, done)
