"""A simulated market on which every command takes a second or two."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.warm_commands import run
from recsys.serving import load

FIT = ("data=simulated", "data.events=1000", "evaluate.resamples=10", "model=popularity")


@dataclass(frozen=True)
class Market:
    """A folder with `mlflow.db` of two runs, and `artifact` of the best of them."""

    folder: Path

    def copied(self, folder: Path) -> "Market":
        """The same elsewhere; artifacts of MLflow stay where they are, and are read only."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Market(folder)

    @property
    def track(self) -> str:
        return f"track.uri=sqlite:///{self.folder}/mlflow.db"

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Rows of the store."""
        with closing(sqlite3.connect(self.folder / "mlflow.db")) as database:
            return database.execute(query, values).fetchall()

    def finished(self) -> list[str]:
        """Names of finished runs."""
        rows = self.rows("SELECT name FROM runs WHERE status = 'FINISHED' ORDER BY name")
        return [name for (name,) in rows]


def made(folder: Path) -> Market:
    """Trains, exports."""
    market = Market(folder)
    for model in ("popularity", "item_knn"):
        done = run("train", *FIT, f"model={model}", market.track, folder=folder)
        assert done.code == 0, done.said
    done = run("export", "out=artifact", market.track, folder=folder)
    assert done.code == 0, done.said
    load(folder / "artifact")
    return market
