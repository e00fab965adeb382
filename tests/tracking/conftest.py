import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from warm_programs import warm_python

from recsys.tracking.runs import TrackConfig

LOG_ONE = Path(__file__).with_name("record_maker.py")


@dataclass(frozen=True)
class NewStore:
    """A store that two processes logged to at once while it did not exist yet."""

    settings: TrackConfig
    folder: Path
    finished: list[tuple[int, str, str]]


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> NewStore:
    folder = tmp_path_factory.mktemp("a store")
    settings = TrackConfig(uri=f"sqlite:///{folder}/runs.db", experiment="toy")
    started = [
        subprocess.Popen(
            [warm_python(), LOG_ONE, settings.uri, settings.experiment, seed],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    finished = [(*process.communicate(timeout=120), process.returncode) for process in started]
    return NewStore(settings, folder, [(code, out, err) for out, err, code in finished])


@pytest.fixture
def store(new_store: NewStore, request: pytest.FixtureRequest) -> TrackConfig:
    """An experiment of its own for each test, in one store, because MLflow's takes 10 s to make."""
    return TrackConfig(uri=new_store.settings.uri, experiment=request.node.name)
