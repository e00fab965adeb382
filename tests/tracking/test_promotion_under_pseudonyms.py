"""A promotion keeps customers under the pseudonyms of its run: example of a request, refit."""

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from record_maker import made_record
from test_promotion import PLAIN, answers, challenger

from recsys.errors import InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments import promote as module
from recsys.experiments.promote import promote
from recsys.ops.keyed_hash import VARIABLE
from recsys.tracking.pseudonyms import Pseudonyms
from recsys.tracking.read import runs
from recsys.tracking.runs import TrackConfig, log_run

KEY, OTHER = "k" * 32, "o" * 32
PSEUDONYM = re.compile("[0-9a-f]{32}")


@dataclass
class Fitted:
    """Stands for the settings of a run."""

    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)


@pytest.fixture
def hidden(store: TrackConfig, monkeypatch: pytest.MonkeyPatch) -> TrackConfig:
    monkeypatch.setenv(VARIABLE, KEY)
    return replace(store, pseudonyms=True)


def examples(store: TrackConfig, folder: Path) -> str:
    """All that the registered model says but the artifact and the code in it."""
    client = MlflowClient(store.uri)
    version = client.get_model_version_by_alias(store.experiment, "champion")
    model = Path(client.download_artifacts(version.run_id, "model", str(folder)))
    return "".join(path.read_text() for path in model.iterdir() if path.is_file())


def test_the_example_of_a_request_names_pseudonyms_and_the_artifact_real_ids(
    hidden: TrackConfig, tmp_path: Path
) -> None:
    folder = challenger(hidden, tmp_path / "first", PLAIN)
    # The script knows the store's URI alone: pseudonyms are those of the run.
    promote(folder, replace(hidden, pseudonyms=False), hidden.experiment)
    said = examples(hidden, tmp_path)
    assert Pseudonyms(KEY.encode()).of(["ann"])[0] in said
    assert '"ann"' not in said
    assert '"ben"' not in said
    assert KEY not in said
    assert answers(hidden, hidden.experiment)[0]["customer_id"] == "ann"


def test_without_pseudonyms_the_example_can_be_answered(store: TrackConfig, tmp_path: Path) -> None:
    promote(challenger(store, tmp_path / "first", PLAIN), store, store.experiment)
    said = examples(store, tmp_path)
    assert "ann" in json.dumps(said)


def test_a_run_that_is_fitted_again_keeps_no_ids(
    hidden: TrackConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = np.array(["x", "anna", "ben", "carl"], dtype=object)
    log_run(made_record(slices={}, customer_ids=ids), hidden)
    (run,) = runs(hidden)
    again = made_record(slices={}, customer_ids=ids, test=made_record().valid)
    again = replace(again, test_intervals=again.valid_intervals)
    monkeypatch.setattr(module, "run_again", lambda settings: again)
    monkeypatch.setattr(module, "settings_of_run", lambda run, allow: Fitted())
    read = module._with_test(run, replace(hidden, pseudonyms=False), ())
    assert read.run_id != run.run_id
    assert all(PSEUDONYM.fullmatch(name) for name in read.per_query("test")["customer_id"])
    assert read.tags["pseudonym_key"] == run.tags["pseudonym_key"]


def test_a_champion_under_another_key_is_refused_before_any_fit(
    hidden: TrackConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(challenger(hidden, tmp_path / "first", PLAIN), hidden, hidden.experiment)
    monkeypatch.setenv(VARIABLE, OTHER)
    other = challenger(hidden, tmp_path / "other", PLAIN + 0.2, seed=1)
    with pytest.raises(InputError, match="cannot be paired by customer"):
        promote(other, hidden, hidden.experiment)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(InputError, match=f"under pseudonyms: set {VARIABLE}"):
        promote(other, hidden, hidden.experiment)
