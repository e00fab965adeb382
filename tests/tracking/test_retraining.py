"""`recsys retrain` on two months of a small shop: killed anywhere it ends where it would have."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from recsys.cli import retrain as command
from recsys.cli.composed_source import changed_part
from recsys.errors import InputError
from recsys.experiments.retrain import comparison, promotion
from recsys.experiments.retrain import retrain as steps
from recsys.experiments.retrain.config import RetrainConfig, Retrained
from recsys.experiments.retrain.members import Member
from recsys.serving import load
from recsys.tracking import retraining_versions, retrainings
from recsys.tracking.champion_folder import fetch
from recsys.tracking.registry import champion, promotion_lock, roll_back
from recsys.tracking.retraining_state import retraining_lock
from recsys.tracking.runs import TrackConfig

retrain = steps.retrain
POPULARITY = {"_target_": "recsys.models.popularity.Popularity"}
OWN_HISTORY = {"_target_": "recsys.models.own_history.OwnHistory"}


class Killed(BaseException):
    """Ends a call as a kill does: nothing catches it and nothing is cleaned up."""


@pytest.fixture(scope="session")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was known of a shop, whose taste moves on, after 4, 8 and 12 weeks."""
    random = np.random.default_rng(0)
    count, folder = 1_500, tmp_path_factory.mktemp("months")
    seconds = np.sort(random.integers(0, 84 * 86_400, count))
    products = random.exponential(2, count).astype(int) + seconds // (14 * 86_400)
    events = pd.DataFrame(
        {
            "customer_id": [f"c{row:02}" for row in random.integers(0, 40, count)],
            "product_id": [f"p{row:02}" for row in products],
            "action": "purchase",
            "timestamp": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
        }
    )
    for name, weeks in {"first": 4, "second": 8, "third": 12}.items():
        (folder / name).mkdir()
        known = events[seconds < weeks * 7 * 86_400]
        known.to_parquet(folder / name / "interactions.parquet", index=False)
    return folder


def settings(months: Path, month: str) -> dict[str, Any]:
    return {
        "_target_": "recsys.data.sources.files.Files",
        "root": str(months / month), "name": "shop", "filter_seen": False,
        "targets": ["purchase"],
    }  # fmt: skip


def asked(months: Path, month: str, name: str, **changes: Any) -> RetrainConfig:
    first = {
        "data": {}, "model": POPULARITY, "identity": {}, "seed": 0, "device": "cpu", "track": {},
        "evaluate": {"resamples": 20, "ks": [10], "metrics": ["ndcg"]},
        "names": {"data": "files", "model": "popularity"},
    }  # fmt: skip
    usual = {"first": first, "valid_days": 7, "test_days": 7}
    return RetrainConfig(
        name=name, move_data=lambda former: settings(months, month), **{**usual, **changes}
    )


@pytest.fixture(scope="session")
def shop_store(new_store: Any) -> TrackConfig:
    return replace(new_store.settings, experiment="retrainings")


@pytest.fixture(scope="session")
def undisturbed(months: Path, shop_store: TrackConfig) -> Retrained:
    """The first champion and its refresh, under the name `quiet`."""
    retrain(asked(months, "first", "quiet"), shop_store)
    return retrain(asked(months, "second", "quiet"), shop_store)


def versions(track: TrackConfig, name: str) -> list[Any]:
    listed = mlflow.MlflowClient(track.uri).search_model_versions(f"name = '{name}'")
    return sorted(listed, key=lambda version: int(version.version))


def vectors(track: TrackConfig, name: str, folder: Path) -> np.ndarray:
    version = champion(track, name)
    folder.mkdir()
    return np.array(load(fetch(track, name, version, folder)).contents.products.vectors)


KILLED_AT = {
    "before anything was fitted": (steps, "fit_all", False),
    "before a fitted run was logged": (comparison, "fit_member", False),
    "after it was fitted": (comparison, "fit_member", True),
    "after the export": (promotion, "export", True),
    "before it was registered": (promotion, "register_artifact", False),
    "after it was registered": (promotion, "register_artifact", True),
    "before it was finished": (retrainings, "finish", False),
}


def killed(real: Any, after: bool) -> Any:
    """The function, which never returns; `after` it has done its work, or before."""

    def kill(*arguments: Any, **keywords: Any) -> None:
        if after:
            real(*arguments, **keywords)
        raise Killed

    return kill


def test_killed_at_every_step_it_ends_where_an_undisturbed_one_ends(
    months: Path,
    shop_store: TrackConfig,
    undisturbed: Retrained,
    tmp_path: Path,
) -> None:
    retrain(asked(months, "first", "killed"), shop_store)
    config = asked(months, "second", "killed")
    for module, name, after in KILLED_AT.values():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, name, killed(getattr(module, name), after))
            with pytest.raises(Killed):
                retrain(config, shop_store)
    done = retrain(config, shop_store)
    assert done.is_promoted
    assert done.lines[1:-1] == undisturbed.lines[1:-1]
    both = [versions(shop_store, name) for name in ("quiet", "killed")]
    assert [[v.tags["kind"] for v in listed] for listed in both] == 2 * [["first", "refresh"]]
    assert (
        vectors(shop_store, "quiet", tmp_path / "quiet")
        == vectors(shop_store, "killed", tmp_path / "killed")
    ).all()
    with promotion_lock(shop_store, "killed"):
        roll_back(shop_store, "killed")
    again = retrain(config, shop_store)
    assert not again.is_promoted
    assert again.lines[-1] == "since then the champion was changed; it is version 1"
    # Nothing was fitted or registered twice, and nothing is left.
    client = mlflow.MlflowClient(shop_store.uri)
    experiment = client.get_experiment_by_name("retrainings").experiment_id
    token = client.get_run(done.run_id).data.tags["retraining"]
    fitted = client.search_runs([experiment], f"tags.retraining = '{token}'")
    assert sorted(run.data.tags.get("member", "") for run in fitted) == ["", "champion"]
    assert {run.info.status for run in fitted} == {"FINISHED"}
    assert not list(Path(shop_store.uri.removeprefix("sqlite:///")).parent.glob("*.retrain/*/*"))


def test_a_second_call_does_nothing(
    months: Path, shop_store: TrackConfig, undisturbed: Retrained
) -> None:
    again = retrain(asked(months, "second", "quiet"), shop_store)
    assert again.is_promoted
    assert again.run_id == undisturbed.run_id
    assert again.lines == ["already done with these data and settings:", *undisturbed.lines[1:-1]]
    assert len(versions(shop_store, "quiet")) == 2


def test_its_figures_are_in_mlflow(shop_store: TrackConfig, undisturbed: Retrained) -> None:
    run = mlflow.MlflowClient(shop_store.uri).get_run(undisturbed.run_id)
    metrics, tags = run.data.metrics, run.data.tags
    assert metrics["against_stored/ndcg_10.low"] <= metrics["against_stored/ndcg_10"]
    assert metrics["data/history.gone"] == 0
    assert metrics["data/events.ratio"] == pytest.approx(1, abs=0.3)
    assert (tags["decision"], tags["kind_of_version"]) == ("promoted", "refresh")
    assert run.data.params["test_from"].startswith("2026-02-19")


def test_lost_events_are_refused_and_the_champion_stays(
    months: Path, shop_store: TrackConfig, undisturbed: Retrained
) -> None:
    bad = months / "lost"
    bad.mkdir()
    events = pd.read_parquet(months / "second" / "interactions.parquet")
    events["timestamp"] += pd.Timedelta(days=20)
    events.iloc[::2].to_parquet(bad / "interactions.parquet", index=False)
    before = champion(shop_store, "quiet")
    with pytest.raises(InputError, match=r"^rows: expected at least 0.8 .* accept_change=rows"):
        retrain(asked(months, "lost", "quiet"), shop_store)
    assert champion(shop_store, "quiet") == before
    client = mlflow.MlflowClient(shop_store.uri)
    experiment = client.get_experiment_by_name("retrainings").experiment_id
    refused = client.search_runs([experiment], "tags.decision = 'refused'")
    assert refused[0].data.tags["because"].startswith("rows: expected")


def test_others_challenge_in_a_dry_run_and_nothing_is_promoted(
    months: Path, shop_store: TrackConfig, undisturbed: Retrained
) -> None:
    challenger = Member(label="own_history", model="own_history", settings=OWN_HISTORY)
    config = asked(months, "third", "quiet", challengers=[challenger], dry_run=True)
    done = retrain(config, shop_store)
    assert done.lines[0].startswith("dry run: the champion of quiet would change (")
    assert done.lines[1].startswith("own_history: a ")
    assert len(versions(shop_store, "quiet")) == 2
    metrics = mlflow.MlflowClient(shop_store.uri).get_run(done.run_id).data.metrics
    assert 0 <= metrics["challenger.own_history/p_holm"] <= 1


def test_a_champion_is_compared_as_it_was_trained(shop_store: TrackConfig) -> None:
    client = mlflow.MlflowClient(shop_store.uri)
    client.create_registered_model("chain")
    kinds = ["refresh", "refresh_tables", "refresh_tables"]
    for number, kind in enumerate(kinds):
        tags = {"run_id": "r", "digest": str(number), "replaced": str(number or ""), "kind": kind}
        client.create_model_version("chain", "file:///nowhere", tags=tags)
    client.set_registered_model_alias("chain", "champion", "3")
    last = champion(shop_store, "chain")
    trained = retraining_versions.first_of_kind(shop_store, "chain", last, "refresh_tables")
    assert (last.version, trained.version, trained.replaced) == ("3", "1", None)


def test_two_at_once_are_one_too_many(months: Path, shop_store: TrackConfig) -> None:
    with retraining_lock(shop_store, "quiet"):
        with pytest.raises(InputError, match="another retraining of it is running"):
            retrain(asked(months, "second", "quiet"), shop_store)
        with retraining_lock(shop_store, "another"):
            pass


def test_without_a_champion_it_says_what_to_do(months: Path, shop_store: TrackConfig) -> None:
    config = asked(months, "first", "nobody", first=None)
    with pytest.raises(InputError, match="there is no champion to retrain; say model=NAME"):
        retrain(config, shop_store)


def test_the_code_says_whether_there_is_a_new_champion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configs: list[RetrainConfig] = []

    def kept(config: RetrainConfig, track: TrackConfig) -> Retrained:
        configs.append(config)
        return Retrained(is_promoted=False, run_id="1234", lines=["kept", "why"])

    monkeypatch.setattr(command, "retrain", kept)
    words = ["data.root=new", "challengers=als,0a1b", "limits=fewer:0.5", "accept_change=rows"]
    with pytest.raises(SystemExit) as ended:
        command.main([*words, "precision=int8", "test_days=9"])
    assert ended.value.code == 3
    assert capsys.readouterr().out == "kept\n  why\n  figures in MLflow: retraining 1234\n"
    (config,) = configs
    als, run_id = config.challengers
    assert isinstance(als, Member)
    assert (als.label, als.settings["_target_"]) == ("als", "recsys.models.als.ALS")
    assert (run_id, config.first, config.accept) == ("0a1b", None, ("rows",))
    assert (config.limits.fewer, config.export) == (0.5, {"precision": "int8"})
    moved: Mapping[str, Any] = config.move_data({"root": "old", "name": "shop"})
    assert moved == {"root": "new", "name": "shop"}


def test_only_what_moves_must_be_said() -> None:
    former = {"_target_": "x", "root": "old", "rename": {"offers": {"a": "b"}}}
    words = ["data.root=new", "+data.rename.offers.c=d", "data.targets=[view]"]
    assert changed_part(former, "data", words) == {
        "_target_": "x", "root": "new", "rename": {"offers": {"a": "b", "c": "d"}},
        "targets": ["view"],
    }  # fmt: skip
