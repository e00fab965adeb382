"""Every file under conf/ composes and builds."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from in_memory import dataset_of
from omegaconf import OmegaConf

from recsys.data.sources.own_tables import Meaning
from recsys.experiments.config import build_part, settings_from
from recsys.experiments.config_types import build_typed
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.space import flat_settings, space
from recsys.policy.rules.read import read_policy

CONF = Path(__file__).parents[2] / "conf"
SUITES = CONF.parent / "benchmarks" / "conf"
NEEDS_ROOT = (
    "complete_journey", "files", "insurance", "lenskit", "lightgcn", "movielens", "movielens_1m",
    "movielens_20m", "movielens_32m", "open_bandit", "recbole", "rectools", "replay",
    "retail_rocket", "starbucks",
)  # fmt: skip


def alternatives(part: str, conf: Path = CONF) -> list[str]:
    folder = conf / part
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that every source accepts at construction."""
    from recsys.data.sources import complete_journey

    for name in ("ratings", "users", "movies"):
        (tmp_path / f"{name}.dat").touch()
        (tmp_path / f"{name}.csv").touch()
    for split in (tmp_path, tmp_path / "gowalla", tmp_path / "yelp2018"):
        split.mkdir(exist_ok=True)
        for name in ("train.txt", "test.txt"):
            (split / name).write_text("0 1 2\n")
    for name in ("portfolio.json", "profile.json"):
        (tmp_path / name).touch()
    others = (
        "train", "test", "inter", "item", "user", "transcript", "users_touchpoints",
        "purchase_events", "random_men", "bts_men", "random_men_item_context",
    )  # fmt: skip
    for name in (*complete_journey._FILES, *others, "interactions", "rating"):
        (tmp_path / f"{name}.parquet").touch()
    relation = {"entities": {"user": None, "item": None}, "interaction": True}
    schema = {"entities": {}, "relationships": {"rating": relation}}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    (tmp_path / f"{tmp_path.name}.inter").touch()
    return tmp_path


def composed(*overrides: str):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", list(overrides), return_hydra_config=True)
    # Outside a launched job the choices are read from the composed configuration.
    choices = dict(config.hydra.runtime.choices)
    OmegaConf.update(config, "names", {part: str(choices[part]) for part in config.names})
    plain = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    return OmegaConf.create(OmegaConf.to_container(plain, resolve=True))


@pytest.mark.parametrize("part", ["data", "split", "model"])
def test_every_part_has_alternatives(part: str) -> None:
    assert alternatives(part)


@pytest.mark.parametrize("name", alternatives("model"))
def test_every_model_builds(name: str) -> None:
    assert settings_from(composed(f"model={name}")).names["model"] == name


def test_a_blend_may_hold_a_blend() -> None:
    settings = settings_from(composed("model=blend", "+model@model.models.inner=blend"))
    inner = settings.model.models["inner"]
    assert [*settings.model.models, *inner.models] == [
        "graph_filter", "als", "inner", "graph_filter", "als",
    ]  # fmt: skip
    assert inner.models["als"].dim == 64


@pytest.mark.parametrize("name", alternatives("split"))
def test_every_split_builds(name: str) -> None:
    settings_from(composed(f"split={name}"))


NEEDED = {
    "sql": ["data.uri=duckdb:///shop.duckdb", "data.queries.interactions=events"],
    "delta": ["data.tables.interactions=events"],
    "iceberg": ["data.tables.interactions=shop.events"],
}


@pytest.mark.parametrize("name", alternatives("data"))
def test_every_source_builds(name: str, folder: Path) -> None:
    needed = NEEDED.get(name, [])
    root = [f"data.root={folder}"] if name in NEEDS_ROOT else []
    settings_from(composed("model=popularity", f"data={name}", *root, *needed))


@pytest.mark.parametrize("name", ["files", "sql", "delta", "iceberg"])
def test_tables_of_your_own_have_all_their_settings(name: str) -> None:
    assert Meaning.__annotations__.keys() <= composed(f"data={name}").data.keys()


@pytest.mark.parametrize("name", ["recbole", "lenskit", "rectools", "replay"])
def test_tables_of_other_libraries_have_all_settings_but_that_of_decisions(name: str) -> None:
    missing = Meaning.__annotations__.keys() - composed(f"data={name}").data.keys()
    assert missing == {"outcome_days"}


@pytest.mark.parametrize("name", alternatives("policy"))
def test_every_policy_reads(name: str) -> None:
    """A policy is no part of a run's configuration: plain YAML with keys of its own."""
    assert read_policy(name).name == name


@pytest.mark.parametrize("name", alternatives("experiment"))
def test_every_experiment_builds(name: str, folder: Path) -> None:
    root = [] if "simulated" in name else [f"data.root={folder}"]
    settings_from(composed(f"experiment={name}", *root))


@pytest.mark.parametrize("name", alternatives("tune"))
def test_every_space_composes_with_its_model(name: str) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("tune", [f"model={name}"])
    build_typed(StudyConfig, OmegaConf.to_container(config.study), "study")
    described = OmegaConf.to_container(config.tune)
    timed = dataset_of({"customer_id": [1], "product_id": [2], "order": [3]}, filter_seen=False)
    searched = space(described, flat_settings(OmegaConf.to_container(config.model)), timed)
    assert set(searched) == set(described)


@pytest.mark.parametrize("name", alternatives("suite", SUITES))
def test_every_suite_builds(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_CONF", str(CONF))
    with initialize_config_dir(str(SUITES), version_base="1.3"):
        config = compose("benchmark", [f"suite={name}", f"root={folder}"])
    if "root" in config.suite:
        config.suite.root = str(folder)
    build_part(config.suite, "suite", ("benchmarks",))
