"""Settings out of a store are values: nothing in them is run, resolved or opened."""

import sys
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from test_compare import SEGMENT, four, made

from recsys.errors import InputError
from recsys.experiments.config import PARTS
from recsys.experiments.rerun import settings_of_run
from recsys.experiments.stored_settings import stored_settings
from recsys.experiments.target_classes import class_of_target
from recsys.models.als import ALS
from recsys.models.lightgcn import LightGCN
from recsys.reports.comparison.ranking import best_run
from recsys.reports.ladder.rungs import rungs
from recsys.tracking.read import TrackedRun

CONF = Path(__file__).parents[2] / "conf"
PLANTED = """
from pathlib import Path
Path(__file__).with_name("ran").touch()

class Model:
    def __init__(self, **settings): pass
    def load(self): pass
    def fit(self, data, validate=None): pass
    def score(self, customers, touchpoints=None): pass
    split = prepare = load
"""


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on the path that leaves a file `ran` where it is imported."""
    (tmp_path / "mybank.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mybank", raising=False)
    return tmp_path


def stored(model: str = "lightgcn", **chosen: Any) -> Any:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", [f"model={model}", "data.events=2000"])
    config.names = {"data": "simulated", "split": "time", "model": model, "experiment": None}
    # A run keeps its parts; `engine` and `spark` only served to compose them.
    plain = OmegaConf.to_container(OmegaConf.masked_copy(config, [*PARTS, "allow"]), resolve=True)
    return SimpleNamespace(
        run_id="0123456789abcdef", model=model, config=plain, metrics_json={"chosen": chosen}
    )


def planted(run: Any, key: str, value: Any) -> TrackedRun:
    """The run with a value of its configuration, named as `model.objective.x`, replaced."""
    config = deepcopy(run.config)
    *above, last = key.split(".")
    part = config
    for name in above:
        part = part[name]
    part[last] = value
    return cast(TrackedRun, SimpleNamespace(**{**vars(run), "config": config}))


def refusal(run: TrackedRun, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        settings_of_run(run, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_honest_run_is_made_again_with_what_it_chose() -> None:
    settings = settings_of_run(stored(stop_after=3))
    assert isinstance(settings.model, LightGCN)
    assert settings.model.stop_after == 3


@pytest.mark.parametrize(
    "key",
    [
        "data._target_", "split._target_", "model._target_", "model.objective._target_",
        "model.actions", "evaluate.segment", "identity.largest", "names.data",
    ],
)  # fmt: skip
def test_no_part_of_a_stored_run_is_of_another_package(key: str, bank: Path) -> None:
    target: Any = "mybank.Model"
    value = target if key.endswith("_target_") else {"a": [{"_target_": target}]}
    said = refusal(planted(stored(), key, value))
    assert said.startswith("run 01234567 cannot be repeated: ")
    assert "_target_=mybank.Model: only classes of recsys" in said
    assert not (bank / "ran").exists()


def test_settings_of_a_former_version_are_read_under_todays_names() -> None:
    run = planted(stored(stop_after=3), "data.masks_seen", True)
    run = planted(run, "model", {"_target_": "recsys.models.item_knn.ItemKNN", "own": 2.0})
    run.metrics_json["chosen"] = {}
    assert stored_settings(run)["model"]["self_weight"] == 2.0
    assert stored_settings(run)["data"]["filter_seen"] is True


def test_a_stored_run_cannot_allow_itself_a_package(bank: Path) -> None:
    run = planted(planted(stored(), "model._target_", "mybank.Model"), "allow", ["mybank"])
    assert "set allow=[mybank]" in refusal(run)
    assert not (bank / "ran").exists()
    assert type(settings_of_run(run, ["mybank"]).model).__module__ == "mybank"
    assert (bank / "ran").exists()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("subprocess.call", "only classes of recsys"),
        ("recsys.tracking.environment.subprocess.Popen", "is a class of subprocess"),
        ("recsys.tracking.environment.subprocess.run", "it is no class"),
        ("recsys.models.als.ALS.fit", "it is no class"),
        ("recsys.models.als.ALS.__class__", "is a class of builtins"),
        ("recsys.models.nothing.ALS", "there is no such class"),
        ("recsys", "it is no class"),
        ("recsysx.models.ALS", "only classes of recsys"),
        ("../recsys", "there is no such class"),
        ("", "there is no such class"),
        (None, "there is no such class"),
        ({"a": 1}, "there is no such class"),
        ("recsys.data.split.TimeSplit", "expected a class with a method 'fit'"),
    ],
)
def test_a_part_is_a_class_of_recsys_with_its_method(target: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        class_of_target(target, f"model._target_={target}", method="fit")


def test_the_prefix_of_a_package_is_whole() -> None:
    with pytest.raises(InputError, match="only classes of recsys"):
        class_of_target("subprocess.Popen", "model._target_=subprocess.Popen", ["sub"])
    assert class_of_target("recsys.models.als.ALS", "model", [], "fit") is ALS


@pytest.mark.parametrize("key", ["data.name", "model.device", "names.data", "seed", "split.x"])
def test_what_is_stored_is_never_resolved(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_READER", "s3cret")
    said = refusal(planted(stored(), key, "${oc.env:SECRET_OF_THE_READER}"))
    assert "'${' may not be part of a setting" in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("hydra", {"run": 1}, "config.yaml: 'hydra' is not known"),
        ("model.depth", 3, "model.depth is not known; model has"),
        ("model._partial_", True, "model._partial_ is not known"),
        ("data", "text", "data: expected a mapping of settings, got 'text'"),
        ("model", None, "model: expected a mapping"),
        (
            "names.model",
            "als",
            "its tag is model=lightgcn, but its config.yaml has names.model=als",
        ),
    ],
)
def test_only_known_keys_are_settings(key: str, value: Any, says: str) -> None:
    assert says in refusal(planted(stored(), key, value))


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"_target_": "subprocess.Popen"}, "chosen._target_: expected a plain value"),
        ({"objective": {"_target_": "recsys.training.objectives.BPR"}}, "expected a plain value"),
        ({"start": "${oc.env:HOME}"}, "may not be part of a setting"),
        ({"depth": 3}, "model.depth is not known"),
    ],
)
def test_what_a_run_says_that_it_chose_is_a_value(chosen: Any, says: str) -> None:
    assert says in refusal(stored(**chosen))


def test_an_address_in_a_stored_run_is_not_taken_over() -> None:
    run = planted(stored(), "track.uri", "postgresql://me:pw@elsewhere/db")
    assert "elsewhere" not in str(settings_of_run(run).track)


# --- the metric that chooses ------------------------------------------------------------


def boast(value: float = 0.99) -> TrackedRun:
    """Claims more than its queries say."""
    run = made("ease", SEGMENT - 0.15)
    return made("ease", SEGMENT - 0.15, metrics={**run.metrics, "valid/ndcg_10": value})


def test_a_run_that_claims_what_its_queries_do_not_say_is_not_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert best_run([*four(), boast()], "ndcg@10").model == "als"
    said = capsys.readouterr().err
    assert said == (
        "skipped run easexxxx: valid ndcg@10 is 0.99 by its metrics and 0.15 by its queries\n"
    )


def test_named_alone_it_is_refused() -> None:
    with pytest.raises(InputError, match=r"no run is usable: run easexxxx: valid ndcg@10 is 0\.99"):
        best_run([boast()], "ndcg@10")


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_claim_that_is_no_number_is_not_chosen(value: float) -> None:
    assert best_run([*four(), boast(value)], "ndcg@10").model == "als"


def test_queries_beyond_what_a_metric_can_be_are_not_believed() -> None:
    assert best_run([*four(), made("ease", SEGMENT + 5)], "ndcg@10").model == "als"


def test_the_rungs_of_the_ladder_are_chosen_by_their_queries() -> None:
    ladder = rungs([*four(), boast()])
    assert [run.model for run in ladder.runs] == ["popularity", "segment", "als"]
