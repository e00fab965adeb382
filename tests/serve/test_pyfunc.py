"""The MLflow model: loaded, and over HTTP."""

import http.client
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import mlflow
import numpy as np
import pandas as pd
import pytest
from artifact_contents import contents

from recsys.errors import InputError
from recsys.experiment.benchmarks.served import ask, served
from recsys.serve import load, write
from recsys.serve.pyfunc import save


def answered(recommendation) -> dict:
    found = asdict(recommendation)
    for offer in found["offers"]:
        for reason in offer["reasons"]:
            reason["when"] = reason["when"].isoformat()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pyfunc")
    write(place / "artifact", contents())
    save(place / "model", place / "artifact")
    return place


def test_the_loaded_model_answers_as_the_artifact(folder: Path) -> None:
    artifact = load(folder / "artifact")
    model = mlflow.pyfunc.load_model(str(folder / "model"))
    customers = pd.DataFrame({"customer_id": ["C0001", "C0020"]})
    assert model.predict(customers) == [
        answered(artifact.recommend(one)) for one in customers["customer_id"]
    ]
    best = artifact.recommend("C0001", 1).offers[0].product_id
    params = {"k": 4, "touchpoint": "branch", "exclude": [best]}
    assert model.predict(customers, params) == [
        answered(artifact.recommend(one, 4, "branch", exclude=[best]))
        for one in customers["customer_id"]
    ]


def test_nothing_is_pickled_and_nothing_is_guessed(folder: Path) -> None:
    names = {path.suffix for path in (folder / "model").rglob("*")}
    assert not names & {".pkl", ".pickle", ".cloudpickle"}
    needed = (folder / "model" / "requirements.txt").read_text().split()
    assert {one.partition("==")[0] for one in needed} == {
        "mlflow", "numpy", "pyarrow", "safetensors",
    }  # fmt: skip
    model = mlflow.models.Model.load(folder / "model")
    assert {one.name for one in model.signature.params.params} == {"k", "touchpoint", "exclude"}
    assert model.saved_input_example_info is not None


def test_whole_numbers_stay_numbers(tmp_path: Path) -> None:
    numbered = contents(customer_ids=np.arange(40) + 7, product_ids=np.arange(30))
    write(tmp_path / "artifact", numbered)
    save(tmp_path / "model", tmp_path / "artifact")
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    (answer,) = model.predict(pd.DataFrame({"customer_id": [9]}), {"exclude": [3, 4]})
    expected = load(tmp_path / "artifact").recommend(9, exclude=[3, 4])
    assert answer == answered(expected)


def test_uuids_are_text_in_json(tmp_path: Path) -> None:
    ids = np.array([UUID(int=row + 1) for row in range(40)], dtype=object)
    write(tmp_path / "artifact", contents(customer_ids=ids, product_ids=ids[:30]))
    save(tmp_path / "model", tmp_path / "artifact")
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    (answer,) = model.predict(pd.DataFrame({"customer_id": [str(ids[5])]}))
    expected = load(tmp_path / "artifact").recommend(ids[5])
    offered = [str(offer.product_id) for offer in expected.offers]
    assert [offer["product_id"] for offer in answer["offers"]] == offered
    assert answer["customer_id"] == str(ids[5])


def test_a_place_that_is_taken_is_left_alone(folder: Path) -> None:
    with pytest.raises(InputError, match="is there already; name another folder"):
        save(folder / "model", folder / "artifact")


def test_offers_over_http(folder: Path) -> None:
    artifact = load(folder / "artifact")
    ids = artifact.contents.customer_ids.tolist()
    with served(str(folder / "artifact")) as server:
        connection = server.connect()
        assert ask(connection, ids, {"k": 5}) == [answered(artifact.recommend(i, 5)) for i in ids]
        with pytest.raises(http.client.HTTPException, match="is not among the 40 customer ids"):
            ask(connection, ["nobody"], {})
        process = server.process
    assert not process.is_running()
