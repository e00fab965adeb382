"""A run keeps no password, wherever one was given."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from record_maker import made_record

from recsys.experiments.config import settings_from
from recsys.tracking.read import runs
from recsys.tracking.runs import TrackConfig, log_run

CONF = Path(__file__).parents[2] / "conf"


def test_where_a_run_is_kept_is_no_part_of_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:s3cret@host:5000")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["model=popularity", "data.events=2000"])
    config.names = {"data": "simulated", "split": "time", "model": "popularity", "experiment": None}
    settings = settings_from(config)
    assert settings.track.uri == "http://me:s3cret@host:5000"
    assert settings.config["track"] == {"experiment": "recsys", "tags": {}, "pseudonyms": False}


def test_an_address_among_the_settings_is_kept_masked(store: TrackConfig) -> None:
    root = "s3://key:s3cret@bucket/tables?token=s3cret"
    config = {**made_record().config, "data": {"root": root}, "track": {"uri": root}}
    log_run(made_record(config=config), store)
    (run,) = runs(store)
    masked = "s3://***@bucket/tables?token=***"
    assert run.config["data"]["root"] == masked
    assert run.params["data.root"] == masked
    folder = Path(store.uri.removeprefix("sqlite:///")).parent
    for path in folder.rglob("*"):
        assert not path.is_file() or b"s3cret" not in path.read_bytes(), path
