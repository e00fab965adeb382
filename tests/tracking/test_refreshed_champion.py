"""A refreshed champion is a version of its own: same model, new tables, nothing compared."""

from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from record_maker import made_record
from refresh_shop import dataset, tables, with_cell

from recsys import ALS, export
from recsys.errors import InputError
from recsys.experiments.promote import promote
from recsys.experiments.refresh_champion import refresh_champion
from recsys.serving import load, write
from recsys.tracking.champion_folder import champion_artifact
from recsys.tracking.registry import champion, roll_back
from recsys.tracking.runs import TrackConfig, log_run


def test_a_refreshed_champion_is_a_version_of_its_own(store: TrackConfig, tmp_path: Path) -> None:
    name, shop = store.experiment, tables()
    with pytest.raises(InputError, match="no champion is registered; make one with recsys promote"):
        refresh_champion(store, name, dataset(shop))
    _promoted(store, tmp_path / "als")
    had = int(shop["customers"].consent_email.to_numpy().nonzero()[0][0])
    customer = shop["customers"].customer_id[had]
    changed = dataset(with_cell(shop, "customers", had, "consent_email", False))

    done, version = refresh_champion(store, name, changed)

    assert version.version == "2"
    assert champion(store, name) == version
    assert done.changes["consents withdrawn"] == 1
    client = mlflow.MlflowClient(store.uri)
    of_version = client.get_model_version(name, "2")
    assert of_version.tags["kind"] == "refresh_tables"
    run = client.get_run(of_version.run_id)
    assert run.data.tags["fingerprint"] == changed.fingerprint
    assert run.data.metrics["consents_withdrawn"] == 1
    assert run.info.status == "FINISHED"
    with champion_artifact(store, name) as (_, folder):
        artifact = load(folder)
    assert artifact.digest == done.digest == version.digest
    assert not artifact.recommend(customer, touchpoint="email").offers
    roll_back(store, name)
    with champion_artifact(store, name) as (former, folder):
        assert former.version == "1"
        assert load(folder).recommend(customer, touchpoint="email", at="as_of").offers


def _promoted(store: TrackConfig, folder: Path) -> None:
    data = dataset(tables())
    run_id = log_run(made_record(fingerprint=data.fingerprint), store)
    export(ALS(dim=4, epochs=1).fit(data), data, folder)
    contents = load(folder).contents
    facts = {**contents.facts, "mlflow_run_id": run_id}
    write(folder, replace(contents, facts=facts), overwrite=True)
    promote(folder, store, store.experiment)
