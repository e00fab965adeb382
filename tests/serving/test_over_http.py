"""Over HTTP: what is refused, in what words, and how long those wait who guess ids."""

import asyncio
import http.client
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents

from benchmarks.served import Served, served
from recsys.errors import InputError
from recsys.serving import load, write
from recsys.serving.mlflow_model import limits
from recsys.serving.mlflow_model.over_http import Endpoint, TooManyError, Turns
from recsys.serving.mlflow_model.pyfunc import OfferModel
from recsys.serving.mlflow_model.request_body import JSON, PARQUET, parsed

FOLDS = {
    "fold_in_rule": np.zeros(3, np.float32),
    "fold_in_actions": np.array([1, 3], np.float32),
    "fold_in_rest": np.zeros(0, np.float32),
    "default_customer": np.arange(1, 6).astype(np.float32),
    "consent": None,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("http") / "artifact"
    write(folder, contents(**FOLDS))
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with served(str(folder)) as running:
        yield running


def post(server: Served, body: bytes | str, kind: str = JSON) -> tuple[int, str]:
    connection = server.connect()
    connection.request("POST", "/invocations", body, {"Content-Type": kind})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def rows(*given: dict[str, Any], **params: Any) -> str:
    return json.dumps({"dataframe_records": list(given), "params": params})


ANN = {"customer_id": "C0001"}
BAD: dict[str, tuple[str | bytes, str, str]] = {
    "misspelt param": (rows(ANN, touchpont="app"), JSON,
        "unknown param 'touchpont'; did you mean touchpoint?"),
    "misspelt column": (rows({"custmer_id": "C0001"}), JSON,
        "unknown column 'custmer_id'; did you mean customer_id?; expected a column customer_id, "
        "events or both"),
    "a misspelt column in one row": (rows(ANN, {**ANN, "event": ["P001"]}), JSON,
        "unknown column 'event'; did you mean events?"),
    "misspelt key": ('{"dataframe_records": [], "parms": {}}', JSON,
        "unknown key 'parms'; did you mean params?"),
    "misspelt product left out": (rows(ANN, exclude=["P0O1"]), JSON,
        "exclude: product id 'P0O1' is not among the 30 product ids"),
    "strict": (rows(ANN, {"customer_id": "ann"}, strict=True), JSON,
        "row 2: customer id 'ann' is not among the 40 customer ids"),
    "a long id": (rows({"customer_id": "x" * 300}), JSON,
        "row 1: customer_id: expected at most 256 characters, got 'xxx"),
    "a long id of a product": (rows({"events": ["x" * 300]}), JSON,
        "row 1: events: expected at most 256 characters"),
    "many rows": (rows(*[ANN] * 1001), JSON, "expected at most 1,000 rows, got 1,001"),
    "many offers": (rows(ANN, k=10**6), JSON, "k: expected at most 1,000, got 1000000"),
    "many reasons": (rows(ANN, explain=101), JSON, "explain: expected at most 100, got 101"),
    "many events": (rows({"events": ["P001"] * 1001}), JSON,
        "row 1: events: expected at most 1,000, got 1,001"),
    "weight beyond numbers": ('{"inputs": [{"events": [{"product_id": "P001", "weight": 1e400}]}]}',
        JSON, "row 1: events: expected weights of at most 1,000,000, got inf"),
    "weight of NaN": ('{"inputs": [{"events": [{"product_id": "P001", "weight": NaN}]}]}',
        JSON, "row 1: events: expected weights of at least 0, got nan"),
    "weight of 400 digits": (
        '{"inputs": [{"events": [{"product_id": "P001", "weight": 1%s}]}]}' % ("0" * 400),
        JSON, "expected whole numbers of 64 bits, got one of 401 characters"),
    "whole number of 5,000 digits": ('{"inputs": [{"customer_id": %s}]}' % ("9" * 5000), JSON,
        "expected whole numbers of 64 bits, got one of 5,000 characters"),
    "k of 5,000 digits": ('{"inputs": [], "params": {"k": %s}}' % ("9" * 5000), JSON,
        "expected whole numbers of 64 bits, got one of 5,000 characters"),
    "deep JSON": ("[" * 200_000, JSON, "expected JSON in the body: nested too deeply"),
    "broken JSON": ('{"inputs": [', JSON, "expected JSON in the body: Expecting value at char"),
    "no UTF-8": (b'{"inputs": "\xff"}', JSON, "expected JSON in the body: it is not UTF-8"),
    "a key that appears twice": ('{"inputs": [{"customer_id": "C0001", "customer_id": "C0002"}]}',
        JSON, "key 'customer_id' appears twice in one object"),
    "two forms": ('{"inputs": [], "instances": []}', JSON, "expected one of dataframe_records"),
    "CSV": ("customer_id\nC0001\n", "text/csv", "content-type: expected application/json or"),
    "broken CSV": ('customer_id\n"C0001\n1,2,3', "text/csv", "content-type: expected application/"),
    "no type": ("{}", "", "content-type: expected application/json or"),
    "no Parquet": (b"PAR1 no", PARQUET, "expected Parquet in the body: "),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_one_line_without_traceback(name: str, server: Served) -> None:
    body, kind, says = BAD[name]
    status, said = post(server, body, kind)
    assert status == 400, said
    answer = json.loads(said)
    assert answer["message"].startswith(says)
    assert set(answer) == {"error_code", "message"}
    assert "\n" not in answer["message"]
    assert len(said) < 600
    assert "Traceback" not in said
    assert ".py" not in said


def test_no_message_names_other_customers(server: Served) -> None:
    for customer in ("C00", "C0001x", "x" * 256, 7):
        status, said = post(server, rows({"customer_id": customer}, strict=True))
        assert (status, re.findall(r"C00\d\d\b", said)) == (400, []), said


def test_a_body_that_is_too_large_is_not_read(server: Served) -> None:
    connection = server.connect()
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    answer = connection.getresponse()
    said = json.loads(answer.read())["message"]
    assert (answer.status, said) == (
        400,
        "the body has 1,000,000,000,000 bytes or more; at most 4,194,304 are read: ask in several "
        "requests",
    )


def test_a_batch_with_unknown_customers_is_answered(server: Served, folder: Path) -> None:
    artifact = load(folder)
    status, said = post(server, rows(ANN, {"customer_id": "x" * 199}, k=3, at="as_of"))
    known, unknown = json.loads(said)["predictions"]
    assert status == 200
    assert (known["known"], unknown["known"]) == (True, False)
    assert (known["basis"], unknown["basis"]) == ("events", "popularity")
    for got, customer in ((known, "C0001"), (unknown, "x" * 199)):
        offers = artifact.recommend(customer, 3, at="as_of").offers
        assert [offer["product_id"] for offer in got["offers"]] == [
            offer.product_id for offer in offers
        ]


def test_parquet_is_bounded_before_it_is_read() -> None:
    def body(table: pa.Table) -> bytes:
        raw = io.BytesIO()
        pq.write_table(table, raw, compression="zstd")
        return raw.getvalue()

    many = pa.table({"customer_id": pa.array(["C0001"]).take(pa.array([0] * 200_000))})
    for table, says in (
        (many, "expected at most 1,000 rows, got 200,000"),
        (pa.table({"customer_id": ["x" * 2**23]}), r"the body unpacks to [\d,]+ bytes; at most"),
        (pa.table({"customer": ["C0001"]}), "unknown column 'customer'; did you mean"),
    ):
        with pytest.raises(InputError, match=says):
            parsed(body(table), PARQUET)
    (row,), params = parsed(body(pa.table({"customer_id": ["C0001"]})), PARQUET)
    assert (row, params) == ({"customer_id": "C0001"}, {})


def test_turns_spread_over_time() -> None:
    turns = Turns(a_second=10, waiting=3)
    assert [turns.take(100.0) for _ in range(4)] == pytest.approx([0, 0.1, 0.2, 0.3])
    with pytest.raises(TooManyError):
        turns.take(100.0)
    assert turns.take(100.25) == pytest.approx(0.15)
    assert turns.take(200.0) == 0


class Request:
    def __init__(self, body: str) -> None:
        self.headers, self.body = {"content-type": JSON}, body.encode()

    async def stream(self) -> Any:
        yield self.body


def test_the_unknown_wait_and_the_known_do_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNKNOWN_A_SECOND", 20)
    monkeypatch.setattr(limits, "WAITING", 8)
    endpoint = Endpoint(OfferModel(load(folder)))

    async def ask(customer: str) -> tuple[int, float]:
        began = asyncio.get_running_loop().time()
        answer = await endpoint.answer(Request(rows({"customer_id": customer}, at="as_of")))
        return answer.status_code, asyncio.get_running_loop().time() - began

    async def all_at_once() -> list[tuple[int, float]]:
        unknown = [ask(f"unknown-{number}") for number in range(12)]
        return await asyncio.gather(*unknown, *(ask(f"C000{number}") for number in range(5)))

    responses = asyncio.run(all_at_once())
    # Nine have a turn, the last of them after 8/20 s, and three find the queue full.
    assert [status for status, _ in responses] == [200] * 9 + [429] * 3 + [200] * 5
    assert responses[8][1] >= 0.4
    assert max(seconds for _, seconds in responses[12:]) < responses[8][1]


def test_what_nobody_foresaw_is_not_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offers = OfferModel(load(folder))
    monkeypatch.setattr(offers, "answers", lambda *_: 1 / 0)

    async def ask() -> Any:
        return await Endpoint(offers).answer(Request(rows(ANN)))

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert b"ZeroDivision" not in answer.body
    assert json.loads(answer.body)["error_code"] == "INTERNAL_ERROR"


def test_other_models_are_served_by_mlflow_as_ever(tmp_path: Path) -> None:
    import mlflow
    import pandas as pd

    class Echo(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return list(model_input["x"])

    from recsys.serving.mlflow_model.pyfunc import _see_requests_first

    _see_requests_first()
    mlflow.pyfunc.save_model(tmp_path / "echo", python_model=Echo())
    model = mlflow.pyfunc.load_model(str(tmp_path / "echo"))
    assert model.predict(pd.DataFrame({"x": [1, 2]})) == [1, 2]


def test_connections_stay_open_after_a_refusal(server: Served) -> None:
    connection = server.connect()
    for body, status in ((rows({"cust": 1}), 400), (rows(ANN, k=1), 200)):
        connection.request("POST", "/invocations", body, {"Content-Type": JSON})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    assert isinstance(connection, http.client.HTTPConnection)
