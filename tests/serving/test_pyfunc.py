"""The MLflow model: loaded, and over HTTP."""

import http.client
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import mlflow
import numpy as np
import pandas as pd
import pytest
from artifact_contents import AS_OF, DAY, contents
from mlflow.exceptions import MlflowException

from benchmarks.served import ask, invoke, served
from recsys.errors import InputError
from recsys.serving import Artifact, Recommendation, load, write
from recsys.serving.mlflow_model.pyfunc import save

FOLDS = {
    "fold_in_rule": np.zeros(3, np.float32),
    "fold_in_actions": np.array([1, 3], np.float32),
    "fold_in_rest": np.zeros(0, np.float32),
}
IDS = {
    "text": lambda count, first: None,
    "numbers": lambda count, first: np.arange(count) + first,
    "uuids": lambda count, first: np.array([UUID(int=first + n) for n in range(count)], object),
}


def answered(recommendation: Recommendation) -> dict:
    def as_text(value: Any) -> str:
        return value.isoformat() if isinstance(value, datetime) else str(value)

    return json.loads(json.dumps(asdict(recommendation), default=as_text))


def saved(folder: Path, **changes: Any) -> tuple[Artifact, mlflow.pyfunc.PyFuncModel]:
    write(folder / "artifact", contents(**changes))
    save(folder / "model", folder / "artifact")
    return load(folder / "artifact"), mlflow.pyfunc.load_model(str(folder / "model"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pyfunc")
    write(folder / "artifact", contents())
    save(folder / "model", folder / "artifact")
    return folder


def test_the_loaded_model_answers_as_the_artifact(folder: Path) -> None:
    artifact = load(folder / "artifact")
    model = mlflow.pyfunc.load_model(str(folder / "model"))
    customers = pd.DataFrame({"customer_id": ["C0001", "C0020"]})
    assert model.predict(customers) == [
        answered(artifact.recommend(customer)) for customer in customers["customer_id"]
    ]
    best = artifact.recommend("C0001", 1).offers[0].product_id
    params = {"k": 4, "touchpoint": "branch", "exclude": [best]}
    assert model.predict(customers, params) == [
        answered(artifact.recommend(customer, 4, "branch", exclude=[best]))
        for customer in customers["customer_id"]
    ]


def test_nothing_is_pickled_and_nothing_is_guessed(folder: Path) -> None:
    names = {path.suffix for path in (folder / "model").rglob("*")}
    assert not names & {".pkl", ".pickle", ".cloudpickle"}
    needed = (folder / "model" / "requirements.txt").read_text().split()
    assert {requirement.partition("==")[0] for requirement in needed} == {
        "mlflow", "numpy", "pyarrow", "safetensors",
    }  # fmt: skip
    model = mlflow.models.Model.load(folder / "model")
    assert {param.name for param in model.signature.params.params} == {
        "k", "explain", "touchpoint", "at", "exclude", "allow", "strict",
    }  # fmt: skip
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
    with pytest.raises(InputError, match="exists already; name another folder"):
        save(folder / "model", folder / "artifact")


def test_offers_over_http(folder: Path) -> None:
    artifact = load(folder / "artifact")
    ids = artifact.contents.customers.ids.tolist()
    with served(str(folder / "artifact")) as server:
        connection = server.connect()
        # A server has a present of its own.
        said = {"k": 5, "at": "as_of"}
        assert ask(connection, ids, said) == [answered(artifact.recommend(i, 5)) for i in ids]
        with pytest.raises(http.client.HTTPException, match="is not among the 40 customer ids"):
            ask(connection, ["nobody"], {})
        process = server.process
    assert not process.is_running()


def test_params_are_arguments_of_recommend(folder: Path) -> None:
    artifact = load(folder / "artifact")
    model = mlflow.pyfunc.load_model(str(folder / "model"))
    ask_one = pd.DataFrame({"customer_id": ["C0003"]})
    later = datetime.fromtimestamp(AS_OF + 15 * DAY, UTC)
    (answer,) = model.predict(ask_one, {"at": "2026-01-16T02:00+02:00", "explain": 0, "k": 30})
    assert answer == answered(artifact.recommend("C0003", 30, at=later, explain=0))
    assert answer != answered(artifact.recommend("C0003", 30, explain=0))
    allow = [offer.product_id for offer in artifact.recommend("C0003").offers[2:5]]
    (answer,) = model.predict(ask_one, {"allow": allow})
    assert answer == answered(artifact.recommend("C0003", allow=allow))
    assert [offer["product_id"] for offer in answer["offers"]] == allow
    # What is empty or null was not said: an empty list allows everything.
    nothing = dict.fromkeys(("k", "explain", "touchpoint", "at")) | {"exclude": [], "allow": []}
    assert model.predict(ask_one, nothing | {"touchpoint": "", "at": ""}) == [
        answered(artifact.recommend("C0003"))
    ]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"at": "soon"}, "at: expected a date such as 2024-.*, got 'soon'"),
        ({"at": "0001-01-01T00:00+14:00"}, "got '0001-01-01T00:00"),
        ({"k": 0}, "k: expected a whole number of at least 1, got 0"),
        ({"explain": -1}, "explain: expected a whole number of at least 0, got -1"),
        ({"touchpoint": "fax"}, "touchpoint 'fax' is not known; the artifact has app"),
        ({"k": "ten"}, "k: expected a whole number of at least 1, got 'ten'"),
        ({"k": 1001}, "k: expected at most 1,000, got 1001"),
        ({"explain": 101}, "explain: expected at most 100, got 101"),
        ({"touchpont": "app"}, r"unknown param 'touchpont'; did you mean touchpoint\?"),
        ({"exclude": ["P0O1"]}, "^exclude: product id 'P0O1' is not among the 30 product ids$"),
        ({"allow": ["P999"]}, "^allow: product id 'P999' is not among the 30 product ids$"),
        ({"exclude": ["P" * 300]}, r"exclude: expected at most 256 characters, .*300 characters\)"),
        ({"exclude": ["P001"] * 10_001}, "exclude: expected at most 10,000 ids, got 10,001"),
        ({"strict": "yes"}, "strict: expected true or false, got 'yes'"),
    ],
)
def test_bad_params_are_refused_in_a_line(folder: Path, params: dict, says: str) -> None:
    model = mlflow.pyfunc.load_model(str(folder / "model"))
    with pytest.raises(MlflowException, match=says) as raised:
        model.predict(pd.DataFrame({"customer_id": ["C0001"]}), params)
    assert raised.value.get_http_status_code() == 400
    assert "\n" not in raised.value.message


@pytest.mark.parametrize("kind", IDS)
def test_fresh_events_of_known_and_unseen_customers(kind: str, tmp_path: Path) -> None:
    ids = {"customer_ids": IDS[kind](40, 2**55 + 1), "product_ids": IDS[kind](30, 2**60)}
    ids["default_customer"] = np.ones(5, np.float32)
    artifact, model = saved(
        tmp_path, **FOLDS, **{key: value for key, value in ids.items() if value is not None}
    )
    plain = {"numbers": int}.get(kind, str)
    first, two, three, four = map(plain, artifact.contents.products.ids[:4].tolist())
    known = plain(artifact.contents.customers.ids[5])
    events = [first, {"product_id": two, "action": "purchase"}, {"product_id": three, "weight": 2}]
    fresh = [first, (two, "purchase"), (three, 2.0)]
    params = {"k": 4, "exclude": [four], "at": "2026-01-03T00:00Z", "explain": 2}
    told = {"k": 4, "exclude": [four], "at": AS_OF + 2 * DAY, "explain": 2}
    wanted = {
        "unseen": answered(artifact.recommend_events(fresh, **told)),
        "both": answered(artifact.recommend_events(fresh, **told, customer_id=known)),
        "plain": answered(artifact.recommend(known, **told)),
    }
    assert wanted["unseen"]["customer_id"] is None
    assert wanted["both"]["customer_id"] == known
    assert [wanted[key]["own_events"] for key in ("plain", "unseen")] == [
        wanted["both"]["own_events"] - 3, 3,
    ]  # fmt: skip
    assert wanted["both"]["offers"] != wanted["plain"]["offers"]
    assert any(offer["reasons"] for offer in wanted["unseen"]["offers"])
    for table, keys in (
        ([{"events": events}], ["unseen"]),
        ([{"customer_id": None, "events": events}], ["unseen"]),
        ([{"customer_id": known, "events": events}], ["both"]),
        ([{"customer_id": known, "events": []}], ["plain"]),
        ([{"customer_id": known}, {"customer_id": known, "events": events}], ["plain", "both"]),
        # Beside a row without a number pandas rounds it; text it leaves alone.
        ([{"customer_id": str(known)}, {"events": events}], ["plain", "unseen"]),
    ):
        assert model.predict(pd.DataFrame(table), params) == [wanted[key] for key in keys]
    # A new customer without events.
    assert model.predict(pd.DataFrame([{"events": []}])) == [
        answered(artifact.recommend_events([]))
    ]


def test_events_may_come_as_parquet(tmp_path: Path) -> None:
    artifact, model = saved(tmp_path, **FOLDS)
    events = [
        {"product_id": "P001", "action": None, "weight": 2.0},
        {"product_id": "P002", "action": "view", "weight": None},
    ]
    rows = [{"customer_id": "C0001", "events": None}, {"customer_id": None, "events": events}]
    pd.DataFrame(rows).to_parquet(tmp_path / "asked.parquet")
    assert model.predict(pd.read_parquet(tmp_path / "asked.parquet")) == [
        answered(artifact.recommend("C0001")),
        answered(artifact.recommend_events([("P001", 2.0), ("P002", "view")])),
    ]


def test_numbers_beside_nobody_are_exact_or_refused(tmp_path: Path) -> None:
    ids = np.array([*range(38), 2**53, 2**53 + 1])
    artifact, model = saved(tmp_path, **FOLDS, customer_ids=ids)
    unseen = {"events": ["P001"]}
    few = model.predict(pd.DataFrame([{"customer_id": 7}, unseen]))
    assert few[0] == answered(artifact.recommend(7))
    alone = model.predict(pd.DataFrame([{"customer_id": 2**53 + 1}]))
    assert alone == [answered(artifact.recommend(2**53 + 1))]
    with pytest.raises(MlflowException, match=r"customer_id: 9007199254740992 is rounded where"):
        model.predict(pd.DataFrame([{"customer_id": 2**53 + 1}, unseen]))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"customer_id": None, "events": None}, "row 2: expected customer_id, events or both"),
        ({"customer_id": True}, "customer_id: expected text or a whole number, got True"),
        ({"customer_id": "nobody"}, "customer id 'nobody' is not among the 40 customer ids"),
        ({"events": "P001"}, "events: expected a list of product ids, or of .*, got 'P001'"),
        ({"events": {"product_id": "P001"}}, r"events: .*, got \{'product_id': 'P001'\}"),
        ({"events": 5}, "events: expected a list .*, got 5"),
        ({"events": [None]}, "events: expected a list .*, got None"),
        ({"events": [["P001", "view"]]}, r"events: expected .*, got \['P001', 'view'\]"),
        ({"events": [{"action": "view"}]}, "events: expected .*, got {'action': 'view'}"),
        ({"events": [{"product_id": "P001", "when": 5}]}, "events: .*, got {.*'when': 5}"),
        ({"events": [{"product_id": "P001", "weight": "2"}]}, "events: .*, got {.*'weight': '2'}"),
        ({"events": [{"product_id": "P001", "weight": True}]}, "events: .*'weight': True}"),
        ({"events": [{"product_id": "P001", "action": 3}]}, "events: .*, got {.*'action': 3}"),
        ({"events": [{"product_id": "P001", "action": "view", "weight": 2}]}, "events: .*, got {"),
        ({"events": [{"product_id": "P001", "weight": -1}]}, "expected weights of at least 0, got"),
        ({"events": [{"product_id": "P001", "action": "steal"}]}, "no action 'steal'; the"),
        ({"events": ["P999"]}, "product id 'P999' is not among the 30 product ids"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused_in_a_line(foldable: Any, row: dict, says: str) -> None:
    rows = pd.DataFrame([{"customer_id": "C0001", "events": ["P002"]}, row])
    with pytest.raises(MlflowException, match=says) as raised:
        foldable.predict(rows)
    assert raised.value.get_http_status_code() == 400
    assert "\n" not in raised.value.message


def test_rows_of_other_columns_are_not_passed_over(foldable: Any) -> None:
    # MLflow drops what the signature does not name, and would answer 200 with nothing.
    with pytest.raises(MlflowException, match="expected a column customer_id, events or both"):
        foldable.predict(pd.DataFrame({"customer": ["C0001"]}))


@pytest.fixture(scope="module")
def foldable(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return saved(tmp_path_factory.mktemp("foldable"), **FOLDS)[1]


@pytest.mark.parametrize("kept", [{}, FOLDS, FOLDS | {"fold_in_rest": None}])
def test_the_example_shows_every_kind_of_row_that_is_answered(kept: dict, tmp_path: Path) -> None:
    _, model = saved(tmp_path, **kept)
    rows = model.input_example
    assert [sorted(row) for row in rows] == [
        ["customer_id"],
        ["customer_id"],
        *([["customer_id", "events"]] if kept else []),
        *([["events"]] if kept.get("fold_in_rest") is not None else []),
    ]
    assert len(model.predict(pd.DataFrame(rows), {"k": 10})) == len(rows)


def test_a_model_that_takes_no_events_says_so(folder: Path) -> None:
    model = mlflow.pyfunc.load_model(str(folder / "model"))
    for row in ({"events": ["P001"]}, {"customer_id": "C0001", "events": ["P001"]}):
        with pytest.raises(MlflowException, match="does not say how fresh events become a vector"):
            model.predict(pd.DataFrame([row]))


def test_events_over_http(tmp_path: Path) -> None:
    numbers = {"customer_ids": np.arange(40) + 2**40, "product_ids": np.arange(30)}
    write(tmp_path / "artifact", contents(**FOLDS, **numbers))
    artifact, customer = load(tmp_path / "artifact"), 2**40 + 9
    events = [4, {"product_id": 7, "action": "purchase"}, {"product_id": 8, "weight": 0.5}]
    fresh = [4, (7, "purchase"), (8, 0.5)]
    params = {"k": 6, "touchpoint": "app", "explain": 1, "at": "as_of"}
    wanted = [
        answered(artifact.recommend(customer, **params)),
        answered(artifact.recommend_events(fresh, **params)),
        answered(artifact.recommend_events(fresh, **params, customer_id=customer)),
    ]
    absent = [{"customer_id": customer}, {"events": events}]
    absent.append({"customer_id": customer, "events": events})
    null = [[customer, None], [None, events], [customer, events]]
    with served(str(tmp_path / "artifact")) as server:
        connection = server.connect()
        for body in (
            {"dataframe_records": absent},
            {"dataframe_split": {"columns": ["customer_id", "events"], "data": null}},
            {"inputs": absent},
        ):
            assert invoke(connection, {**body, "params": params}) == wanted, body
        only = {"dataframe_records": [{"customer_id": None, "events": events}]}
        assert invoke(connection, {**only, "params": params}) == wanted[1:2]
        with pytest.raises(http.client.HTTPException, match=r"400: .*row 1: expected customer_id"):
            invoke(connection, {"dataframe_records": [{"customer_id": None}]})
