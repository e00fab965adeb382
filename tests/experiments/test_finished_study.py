"""What is finished answers only for what it was made of: studies, kept fits, kept rows."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from small_shop import FIT, cell, column, write_shop
from test_stored_settings import stored

from benchmarks.kept_rows import files_digest, note, require_same
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.config import Settings, settings_from
from recsys.experiments.rerun import settings_of_run, valid_of_run
from recsys.experiments.run import load
from recsys.experiments.tuning import tune as tuning
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.finish import experiment_file
from recsys.experiments.tuning.study import Study
from recsys.experiments.tuning.trials import prepare
from recsys.experiments.validator import Validator
from recsys.models.lightgcn import LightGCN

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_shop(tmp_path / "tables")
    return tmp_path


def composed(*words: str) -> tuple[Settings, Any]:
    keys = {word.partition("=")[0] for word in words}
    usual = [word for word in FIT if word.partition("=")[0] not in keys]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("tune", [*usual, *words])
    config.names = {"data": "files", "split": "time", "model": "popularity", "experiment": None}
    return settings_from(config), OmegaConf.to_container(config.tune)


def finished(folder: Path, *words: str) -> StudyConfig:
    """A study of one trial whose budget is used up."""
    settings, described = composed(*words)
    config = StudyConfig(name="shop", storage=str(folder / "tune.db"), minutes=None, trials=1)
    study = Study("shop", config, settings.seed)
    searched, _ = prepare(study, settings, described)
    trial = study.ask(searched)
    assert trial is not None
    study.tell(trial, 0.5)
    assert study.is_spent()
    return config


class NoRun:
    """Stands for the study's run in MLflow, which takes 10 s to make."""

    def __init__(self, *_: Any) -> None:
        pass

    def running(self) -> Any:
        from contextlib import nullcontext

        return nullcontext()

    def log(self, trial: Any) -> bool:
        return False


def test_asked_the_same_a_finished_study_answers(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = finished(shop)
    monkeypatch.setattr(tuning, "StudyRun", NoRun)
    settings, described = composed()
    study = tuning.tune(settings, described, config)
    assert study.best().value == 0.5
    said = experiment_file(settings, study)
    assert f"{study.subject['data'][:16]}, time: valid from 2026-01-10" in said


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["evaluate.convention=lenskit"], {"convention": "lenskit"}),
        (
            ["evaluate.convention=implicit", "evaluate.metrics=[precision]", "evaluate.ks=7",
             "evaluate.metric=precision@7"],
            {"ks": 7, "metrics": ["precision"], "convention": "implicit"},
        ),
    ],
)  # fmt: skip
def test_the_experiment_file_measures_what_was_tuned(
    shop: Path, words: list[str], needed: dict[str, Any]
) -> None:
    config = finished(shop, *words)
    settings, _ = composed(*words)
    study = Study("shop", config, settings.seed)
    said = yaml.safe_load(experiment_file(settings, study))["evaluate"]
    assert said == {"metric": settings.evaluate.metric, **needed}
    again, _ = composed(*(f"evaluate.{key}={json.dumps(value)}" for key, value in said.items()))
    assert again.evaluate.metric == settings.evaluate.metric
    assert again.evaluate.choosable.keys() == settings.evaluate.choosable.keys()


CHANGED: dict[str, tuple[list[str], str]] = {
    "valid_from": (["data.valid_from=2026-01-11"], "cut-offs"),
    "test_from": (["data.test_from=2026-01-22"], "cut-offs"),
    "split's valid_from": (["split.valid_from=2026-01-11", "split.test_from=2026-01-20"], "split"),
    "targets": (["data.targets=[purchase]"], "data"),
    "filter_seen": (["data.filter_seen=false"], "data"),
    "name of the data": (["data.name=other"], "data"),
    "split": (["split=leave_last_out"], "split"),
    "metric": (["evaluate.metric=recall@10"], "metric"),
    "space": (["tune.window.choices=[null,7]"], "space"),
    "model": (["model=own_history"], "model"),
    "seed": (["seed=1"], "seed"),
    "identity": (["identity.largest=5"], "identity"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_finished_study_refuses_what_it_was_not_begun_about(name: str, shop: Path) -> None:
    config = finished(shop)
    words, part = CHANGED[name]
    with pytest.raises(InputError, match=r"study.name=shop was started with other") as caught:
        tuning.tune(*composed(*words), config)
    inside = str(caught.value).partition("(")[2].partition(")")[0].split(", ")
    assert part in inside
    assert not (shop / "mlflow.db").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        cell("interactions", 3, "product_id", "tea"),
        cell("customers", 0, "age", "31"),
        column("products", "colour", "red"),
        column("offers", "reward", "9"),
    ],
)
def test_a_finished_study_refuses_data_that_changed(spoil: Any, shop: Path) -> None:
    config = finished(shop)
    spoil(shop)
    with pytest.raises(InputError, match=r"started with other .* \(data\)"):
        tuning.tune(*composed(), config)


def test_a_study_of_an_earlier_version_is_refused_and_not_read(shop: Path) -> None:
    config = finished(shop)
    study = Study("shop", config, 0)
    study._study.set_user_attr("about", json.dumps([{"data": "f"}, ["space"]]))
    with pytest.raises(InputError, match="was started with other data, settings or space; set"):
        tuning.tune(*composed(), config)


# --- kept fits --------------------------------------------------------------------------

WINDOWS = ("2026-01-10", "2026-01-20")


def network(folder: Path) -> LightGCN:
    return LightGCN(dim=2, epochs=2, device="cpu", checkpoint=str(folder))


def fitted(folder: Path, metric: str = "ndcg@10", **windows: str) -> LightGCN:
    settings, _ = composed(*(f"data.{name}={value}" for name, value in windows.items()))
    _, split = load(settings.source, TimeSplit())
    evaluate = EvaluateConfig(metric=metric)
    return network(folder).fit(split.valid.past, Validator(split.valid.queries, evaluate))


def test_a_kept_fit_goes_on_where_the_same_is_asked(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted(shop / "kept")
    fitted(shop / "kept")
    assert "resumed from" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change", [{"test_from": "2026-01-14"}, {"metric": "recall@10"}], ids=["cut-off", "metric"]
)
def test_a_kept_fit_is_not_taken_for_another_valid(change: dict[str, str], shop: Path) -> None:
    # The past, and so the graph that is trained on, stays what it was.
    fitted(shop / "kept")
    with pytest.raises(InputError, match="is of another valid: asked is"):
        fitted(shop / "kept", **change)


# --- kept rows of suite=tuned, and runs made again --------------------------------------


def test_a_kept_row_is_of_its_files_and_settings(tmp_path: Path) -> None:
    data, row = tmp_path / "data", tmp_path / "row"
    data.mkdir()
    (data / "train.txt").write_text("0 1 2\n")
    made_of = {"overrides": ["model=als"], "minutes": 5.0, "data": files_digest(data)}
    note(row, made_of)
    require_same(row, made_of)
    files_digest.cache_clear()
    (data / "train.txt").write_text("0 1 3\n")
    with pytest.raises(InputError, match="a finished result, and it was made with other data;"):
        require_same(row, {**made_of, "data": files_digest(data)})
    with pytest.raises(InputError, match="made with other overrides, minutes; remove it"):
        require_same(row, {**made_of, "minutes": 6.0, "overrides": ["model=ease"]})
    (row / "made_of.json").unlink()
    with pytest.raises(InputError, match="what it was made of is not known"):
        require_same(row, made_of)


def test_a_run_is_not_made_again_on_another_split() -> None:
    run = stored("popularity")
    source = settings_of_run(run).source
    data, split = load(source, TimeSplit())
    run.fingerprint, run.data = data.fingerprint, "simulated"
    run.split = split.description
    assert len(valid_of_run(run).queries)
    run.split = "time: valid from 2020-01-01, test from 2020-02-01"
    with pytest.raises(InputError, match="is split as 'time: valid from"):
        valid_of_run(run)
