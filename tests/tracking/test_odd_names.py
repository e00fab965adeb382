"""Names are text: whatever stands in them, promotions, studies and runs are told apart."""

from pathlib import Path

import mlflow
import pytest
from test_promotion import NOISE, PLAIN, challenger

from recsys.experiments.promote import promote
from recsys.tracking import plots
from recsys.tracking.comparisons import earlier_comparisons
from recsys.tracking.read import runs
from recsys.tracking.registry import champion, roll_back
from recsys.tracking.runs import TrackConfig
from recsys.tracking.study import StudyRun

NAMES = ("O'Brien", 'the "best"', "x' OR tags.kind != 'promotion", "a`b; DROP TABLE runs --", "%")


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each run: they take longer than all the rest."""
    for name in ("by_k", "by_slice", "save"):
        monkeypatch.setattr(plots, name, lambda *_: None)


@pytest.mark.parametrize("name", NAMES)
def test_every_promotion_on_a_window_is_counted_whatever_the_data_are_called(
    name: str, store: TrackConfig, tmp_path: Path
) -> None:
    store = TrackConfig(uri=store.uri, experiment=f"{name} readings")
    model = f"model of {NAMES.index(name)}"
    split = f"{name}: valid from 3"
    about = {"data_name": name, "split": split}
    promote(challenger(store, tmp_path / "first", PLAIN, **about), store, model)
    levels = []
    for seed in (1, 2, 3):
        values = PLAIN + seed / 10 + NOISE
        made = promote(
            challenger(store, tmp_path / f"{seed}", values, seed=seed, **about), store, model
        )
        assert made.reading is not None
        levels.append((made.reading.earlier, round(made.reading.level, 4)))
    assert levels == [(0, 0.95), (1, 0.975), (2, 0.9833)]
    # Another window has seen none of it.
    (run, *_) = runs(store)
    assert (
        earlier_comparisons(run, {"data": name, "fingerprint": run.fingerprint, "split": ""}) == 0
    )


def test_promotions_without_a_digest_and_deleted_ones_are_counted_too(
    store: TrackConfig, tmp_path: Path
) -> None:
    client = mlflow.MlflowClient(store.uri)
    window = {"data": "O'Hara", "fingerprint": "f" * 64, "split": "time: valid from 3"}
    challenger(store, tmp_path / "first", PLAIN, data_name="O'Hara")
    (run,) = runs(store)
    experiment = client.get_experiment_by_name(store.experiment).experiment_id
    kind = {"kind": "promotion", "compared": "true"}
    kept = client.create_run(experiment, tags={**kind, **window})
    client.set_terminated(kept.info.run_id)
    # One that a kill cut short told nobody what it found.
    client.create_run(experiment, tags={**kind, **window})
    client.create_run(experiment, tags={**kind, **window, "data": "O'Hare"})
    client.create_run(experiment, tags={"kind": "promotion", **window})
    assert earlier_comparisons(run, window) == 1
    client.delete_run(kept.info.run_id)
    assert earlier_comparisons(run, window) == 1


@pytest.mark.parametrize("name", ["O'Brien's best", 'say "offers"'])
def test_a_registered_model_may_be_called_anything(
    name: str, store: TrackConfig, tmp_path: Path
) -> None:
    for gain in (0, 0.2):
        promote(
            challenger(store, tmp_path / f"{gain}", PLAIN + gain, seed=int(gain * 5)), store, name
        )
    now = champion(store, name)
    assert now is not None
    assert now.replaced == "1"
    before, after = roll_back(store, name)
    assert (before.version, after.version) == ("2", "1")


@pytest.mark.parametrize("name", NAMES)
def test_experiments_and_studies_may_be_called_anything(name: str, store: TrackConfig) -> None:
    store = TrackConfig(uri=store.uri, experiment=f"{name} study")
    study = StudyRun(store, name, "ndcg@10", {}, "0123")
    assert StudyRun(store, name, "ndcg@10", {}, "0123").run_id == study.run_id
    assert StudyRun(store, name, "ndcg@10", {}, "4567").run_id != study.run_id
    assert runs(store) == []
