"""SIGKILL at random moments: every later start goes on, nothing is lost, nothing is doubled.

Twenty kills of each command, at moments drawn over the time that it takes undisturbed. At the end
each test prints its row of the table: command, kills, kills before the end, lost, doubled.
"""

import hashlib
import json
import os
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_market import FIT, Market

from benchmarks.warm_commands import Command, run
from recsys.serving import load

KILLS = int(os.environ.get("RECSYS_KILLS", "20"))

CHILDREN = """
    SELECT t.value FROM tags t JOIN tags p USING (run_uuid) JOIN runs USING (run_uuid)
    WHERE t.key = 'trial' AND p.key = 'mlflow.parentRunId' AND lifecycle_stage = 'active'
    AND p.value IN (SELECT run_uuid FROM tags WHERE key = 'study' AND value = ?)
"""
REPEATS = """
    SELECT count(*) FROM tags s JOIN tags f USING (run_uuid) JOIN runs USING (run_uuid)
    WHERE s.key = 'study' AND s.value = ? AND f.key = 'fingerprint' AND status = 'FINISHED'
"""
VERSIONS = """
    SELECT count(*) FROM model_versions
    WHERE name = ? AND current_stage != 'Deleted_Internal'
"""
PROMOTIONS = """
    SELECT count(*) FROM tags JOIN runs USING (run_uuid)
    WHERE key = 'registered_model' AND value = ? AND lifecycle_stage = 'active'
"""

pytestmark = pytest.mark.slow


def told(command: str, tries: int, lost: int, doubled: int) -> None:
    row = f"{command:<10} starts {tries:3d}  killed {KILLS:3d}  lost {lost}  doubled {doubled}"
    sys.stdout.write(f"\n{row}\n")
    assert (lost, doubled) == (0, 0)


def killed(
    command: str,
    words: Callable[[int], list[str]],
    folder: Path,
    seconds: float,
    check: Callable[[], object] = lambda: None,
    prepare: Callable[[int], object] = lambda number: None,
) -> int:
    """Kills starts of a command; each is started again at once and has to go on with code 0.

    Returns:
        how many starts it took, as some had ended before they were killed.
    """
    moments, inside = random.Random(command), 0
    for number in range(4 * KILLS):
        prepare(number)
        started = Command(command, *words(number), folder=folder)
        if not started.kill(moments.uniform(0, seconds)):
            continue
        inside += 1
        check()
        again = run(command, *words(number), folder=folder)
        assert again.code == 0, again.said
        check()
        if inside == KILLS:
            return number + 1
    raise AssertionError(f"only {inside} were killed before their end")


def left_beside(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_train(market: Market, tmp_path: Path) -> None:
    copy = market.copied(tmp_path)

    def words(number: int) -> list[str]:
        # Each in a folder of its own, which the second start takes up.
        steps = ["model=lightgcn", "model.dim=8", "model.epochs=2"] if number % 2 else []
        chosen = [word for word in FIT if not (steps and word.startswith("model="))]
        return [*chosen, *steps, copy.track, f"seed={number}", f"hydra.run.dir=run-{number}"]

    before = Counter(copy.finished())
    alone = run("train", *words(1), folder=tmp_path)
    assert alone.code == 0, alone.said
    (tmp_path / "run-1").rename(tmp_path / "run-1-alone")
    first = Counter(copy.finished()) - before
    tries = killed("train", words, tmp_path, alone.seconds)
    runs = Counter(copy.finished()) - before - first
    ids = [json.loads(p.read_text())["mlflow_run_id"] for p in tmp_path.glob("run-*/metrics.json")]
    known = {run for (run,) in copy.rows("SELECT run_uuid FROM runs WHERE status = 'FINISHED'")}
    lost = tries - len(runs) + sum(run not in known for run in ids)
    told("train", tries, lost, sum(count - 1 for count in runs.values()))
    assert len(set(ids)) == tries + 1
    running = copy.rows("SELECT count(*) FROM runs WHERE status = 'RUNNING'")
    assert running[0][0] <= KILLS


def test_tune(market: Market, tmp_path: Path) -> None:
    copy = market.copied(tmp_path)
    starts, trials = 3, 6

    def words(number: int) -> list[str]:
        return [
            *FIT[:-1], "model=item_knn", copy.track, f"study.name=study-{number // starts}",
            "study.minutes=null", f"study.trials={trials}", "study.seeds=1", "study.out=best.yaml",
        ]  # fmt: skip

    alone = run("tune", *words(-1), "study.name=alone", folder=tmp_path)
    assert alone.code == 0, alone.said
    moments, inside, tries = random.Random("tune"), 0, 0
    while inside < KILLS:
        assert tries < 4 * KILLS
        started = Command("tune", *words(tries), folder=tmp_path)
        inside += started.kill(moments.uniform(0, alone.seconds))
        tries += 1
    lost = doubled = 0
    for number in range(-(-tries // starts)):
        again = run("tune", *words(number * starts), folder=tmp_path)
        assert again.code == 0, again.said
        with closing(sqlite3.connect(tmp_path / "tune.db")) as database:
            ended = database.execute(
                "SELECT count(*) FROM trials JOIN studies USING (study_id) "
                "WHERE study_name = ? AND state IN ('COMPLETE', 'PRUNED')", [f"study-{number}"],
            ).fetchone()[0]  # fmt: skip
        children = Counter(trial for (trial,) in copy.rows(CHILDREN, f"study-{number}"))
        repeats = copy.rows(REPEATS, f"study-{number}")[0][0]
        lost += max(0, trials - ended) + max(0, ended - len(children)) + max(0, 1 - repeats)
        doubled += max(0, ended - trials) + sum(children.values()) - len(children)
        doubled += max(0, repeats - 1)
    told("tune", tries, lost, doubled)


def test_export(market: Market, tmp_path: Path) -> None:
    copy = market.copied(tmp_path)
    words = ["out=artifact", "overwrite=true", copy.track]
    alone = run("export", *words, folder=tmp_path)
    assert alone.code == 0, alone.said

    def whole() -> None:
        load(tmp_path / "artifact")

    tries = killed("export", lambda _: words, tmp_path, alone.seconds, whole)
    told("export", tries, 0, len(left_beside(tmp_path)))


def test_everyone(market: Market, tmp_path: Path) -> None:
    copy = market.copied(tmp_path)
    words = ["artifact=artifact", "everyone=true", "out=offers.parquet"]
    alone = run("recommend", *words, folder=copy.folder)
    assert alone.code == 0, alone.said
    wanted = pq.ParquetFile(tmp_path / "offers.parquet").read()

    def whole() -> None:
        assert pq.ParquetFile(tmp_path / "offers.parquet").read().equals(wanted)

    tries = killed("recommend", lambda _: words, tmp_path, alone.seconds, whole)
    told("everyone", tries, 0, len(left_beside(tmp_path)))


def test_promote(market: Market, tmp_path: Path) -> None:
    from test_promotion import PLAIN, challenger

    from recsys.tracking.registry import champion
    from recsys.tracking.runs import TrackConfig

    copy = market.copied(tmp_path)
    store = TrackConfig(uri=f"sqlite:///{tmp_path}/mlflow.db", experiment="promotions")
    challenger(store, tmp_path / "weak", PLAIN)
    challenger(store, tmp_path / "strong", PLAIN + 0.1, model="gnn")

    def words(number: int, artifact: str = "strong") -> list[str]:
        return [f"artifact={artifact}", copy.track, f"model_name=m{number}"]

    def promote_weak(number: int) -> None:
        done = run("promote", *words(number, "weak"), folder=tmp_path)
        assert done.code == 0, done.said

    promote_weak(-1)
    alone = run("promote", *words(-1), folder=tmp_path)
    assert alone.code == 0, alone.said
    tries = killed("promote", words, tmp_path, alone.seconds, prepare=promote_weak)
    lost = doubled = 0
    for number in range(tries):
        now = champion(store, f"m{number}")
        lost += now is None or not _is_strong(now.digest, tmp_path)
        versions, promotions = (copy.rows(ask, f"m{number}") for ask in (VERSIONS, PROMOTIONS))
        doubled += versions[0][0] - 2 + promotions[0][0] - 2
    told("promote", tries, lost, doubled)


def _is_strong(digest: str, folder: Path) -> bool:
    return hashlib.sha256((folder / "strong" / "manifest.json").read_bytes()).hexdigest() == digest
