"""Whatever a person gets wrong is one line and code 2, and leaves everything as it was.

The table is `BAD`: its parts lie in broken_tables.py, broken_settings.py and broken_commands.py.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from broken_commands import BROKEN_COMMANDS, DAMAGED, IN_PLACE
from broken_settings import BROKEN_SETTINGS, COMMAND_LINE
from broken_tables import BROKEN_TABLES
from script_runner import SCRIPTS, run_script, run_train_job
from small_shop import FIT, Spoil, cell, write_shop


class Bad(NamedTuple):
    """One kind of bad input: the script, what is typed, what is spoilt, what the line says."""

    script: str
    words: Sequence[str]
    spoil: Spoil
    says: Sequence[str]


def nothing(folder: Path) -> None:
    """Spoils nothing: the words are bad enough."""


BAD = {
    **{name: Bad("train", [], spoil, says) for name, (spoil, *says) in BROKEN_TABLES.items()},
    **{name: Bad("train", words, nothing, says)
       for name, (words, *says) in {**COMMAND_LINE, **BROKEN_SETTINGS}.items()},
    **{f"{script}: {name}": Bad(script, words, nothing, says)
       for script, cases in BROKEN_COMMANDS.items() for name, (words, *says) in cases.items()},
    **{f"artifact: {name}": Bad("recommend", ["artifact=copy", "customer=ann"], spoil, says)
       for name, (spoil, *says) in DAMAGED.items()},
    **{name: Bad(script, words, spoil, says)
       for name, (script, words, spoil, *says) in IN_PLACE.items()},
}  # fmt: skip

# The words of the libraries beneath are no help to a person.
LEAKS = ("Traceback", "NoneType", "Errno", "object at 0x", "C error", "not in struct", "dtype")


class World(NamedTuple):
    """What every case finds: a store with runs, an artifact, and the names of these."""

    folder: Path
    named: dict[str, str]

    @property
    def store(self) -> Path:
        return self.folder / "mlflow.db"

    def typed(self, bad: Bad) -> list[str]:
        """What is typed in full: the words, and the usual ones where they say nothing of it."""
        usual = [f"track.uri=sqlite:///{self.store}"]
        usual = [*FIT, *usual] if bad.script in ("train", "tune") else usual
        if bad.script == "tune":
            usual += ["study.storage=tune.db", "study.out=best.yaml"]
        if bad.script in (
            "check", "recommend", "store", "add_products", "simulate", "benchmark", "decide",
            "serve",
        ):  # fmt: skip
            usual = []
        # Another source has other keys.
        foreign = any(word.startswith(("data=", "data._target_=")) for word in bad.words)
        usual = [word for word in usual if not (foreign and word.startswith("data"))]
        keys = {word.partition("=")[0] for word in bad.words}
        words = [word for word in usual if word.partition("=")[0] not in keys]
        return [self._filled(word) for word in bad.words] + words

    def runs(self) -> list[tuple[str, str]]:
        """Run id and status of all runs in the store."""
        with closing(sqlite3.connect(self.store)) as database:
            return database.execute(
                "SELECT run_uuid, status FROM runs ORDER BY run_uuid"
            ).fetchall()

    def _filled(self, word: str) -> str:
        for name, value in self.named.items():
            word = word.replace(f"{{{name}}}", value)
        return word


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    made = World(folder, {"artifact": str(folder / "artifact")})

    def train(tables: str, *words: str) -> str:
        before = {run for run, _ in made.runs()} if made.store.exists() else set()
        if not (folder / tables).exists():
            write_shop(folder / tables)
        # Hydra names folders by the second, and a folder is one run of MLflow.
        here = f"hydra.run.dir={folder / 'runs' / str(len(before))}"
        shop = [f"data.root={folder / tables}", "data.name=tables", here, *words]
        assert run_script("train", *made.typed(Bad("train", shop, nothing, [])), cwd=folder) == 0
        (new,) = {run for run, _ in made.runs()} - before
        return new

    train("tables")
    train("tables", "model=item_knn")
    made.named["run"] = train("changed", "track.experiment=elsewhere")
    made.named["lost"] = train("lost", "track.experiment=elsewhere")
    (folder / "changed" / "offers.csv").unlink()
    shutil.rmtree(folder / "lost")
    out = ["experiment=recsys", f"out={folder / 'artifact'}"]
    assert run_script("export", *made.typed(Bad("export", out, nothing, [])), cwd=folder) == 0
    return made


@pytest.fixture
def here(world: World, tmp_path: Path) -> Path:
    """The folder that a script starts in: the shop, and what must not be touched."""
    shutil.copytree(world.folder / "artifact", tmp_path / "artifact")
    folder = tmp_path / "here"
    folder.mkdir()
    write_shop(folder / "tables")
    (folder / "kept").write_text("kept")
    (folder / "old.yaml").write_text("kept: true")
    (folder / "full.csv").mkdir()
    (folder / "full.csv" / "kept").write_text("kept")
    with closing(sqlite3.connect(folder / "other.db")) as database:
        database.execute("CREATE TABLE songs (name)")
    (folder / "damaged.db").write_bytes(b"SQLite format 3\x00" + b"no" * 2048)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """Every file and what it holds, but for locks, studies and what Hydra notes of a command."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if path.suffix != ".lock" and not {"outputs", "tune.db"} & set(path.parts)
    }


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_changes_nothing(
    name: str, world: World, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = BAD[name]
    bad.spoil(here)
    before, runs = content(here), world.runs()
    capfd.readouterr()
    words = world.typed(bad)
    if name in BROKEN_TABLES or name in BROKEN_SETTINGS:
        code = run_train_job(*words, cwd=here)
    else:
        code = run_script(bad.script, *words, cwd=here)
    said = capfd.readouterr().err
    assert code == 2, said
    assert said.startswith("error: "), said
    assert said.count("\n") == 1, said
    for part in bad.says:
        assert part in said
    assert not [leak for leak in LEAKS if leak in said], said
    assert content(here) == before
    assert not list(here.rglob("metrics.json")) + list(here.rglob("benchmark.json"))
    new = [status for run, status in world.runs() if (run, status) not in runs]
    assert set(new) <= {"FAILED"}


def test_the_table_is_not_bad_by_itself(world: World, here: Path) -> None:
    """Else every case above could pass for a reason of its own."""
    assert run_script("train", *world.typed(Bad("train", [], nothing, [])), cwd=here) == 0
    ann = [f"artifact={world.folder / 'artifact'}", "customer=ann"]
    assert run_script("recommend", *ann, cwd=here) == 0


@pytest.mark.parametrize("script", ["train", "compare"])
def test_a_process_of_its_own_says_the_same(script: str, world: World, here: Path) -> None:
    cell("interactions", 3, "value", "dear")(here)
    words = {"train": [], "compare": ["metric=ndcg@7"]}[script]
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / f"{script}.py"),
         *world.typed(Bad(script, words, nothing, []))],
        cwd=here, env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
