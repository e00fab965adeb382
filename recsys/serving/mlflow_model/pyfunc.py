"""The artifact as an MLflow model: JSON in, offers out.

MLflow imports this module by its name and calls `_load_pyfunc`, so that nothing is pickled. The
model contains the artifact and the modules that read it: it gives the same answers years later,
and a server needs only packages from a package index.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np

from recsys.errors import InputError
from recsys.serving.answer_log import AnswerLog, log_of_environment
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import UnknownIdError, public_message
from recsys.serving.mlflow_model import request
from recsys.serving.mlflow_model.code_files import copy_needed
from recsys.serving.mlflow_model.over_http import Endpoint
from recsys.serving.mlflow_model.request import Row
from recsys.serving.mlflow_model.request_values import CUSTOMER, EVENTS
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.customer_state import CustomerState
from recsys.serving.query.offers import Recommendation
from recsys.serving.query.query import Query
from recsys.serving.storage import load

_PACKAGE = Path(__file__).parents[2]
_NEEDED = ("mlflow", "numpy", "pyarrow", "safetensors")
_CACHED = 64
"""Answers by popularity that are cached, one for each query and second."""


class OfferModel:
    """The object that MLflow calls: for each row with a customer it returns a recommendation.

    Args:
        artifact: that answers.
        log: of the answers; None for none.
    """

    def __init__(self, artifact: Artifact, log: AnswerLog | None = None) -> None:
        self.artifact, self.log = artifact, log
        self._answers: dict[tuple[Any, ...], _Popular] = {}

    def predict(
        self, model_input: Any, params: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Recommendations of `Artifact` as plain JSON values.

        Args:
            model_input: rows with one or both of these columns, as a DataFrame, a list of mappings
                or a mapping of lists. `customer_id`: missing for a new customer. `events`, fresh
                events: a list of product ids, or of objects {"product_id", and "action" or
                "weight"}; with a customer_id they are added to the stored events.
            params: k; explain, most reasons for each offer; touchpoint, "" for any; at, a moment,
                "" for now, "as_of" for the artifact's cut-off; exclude, product ids; allow, the
                only product ids to rank; strict, whether a request with an unknown customer is
                refused, instead of answered by popularity. MLflow has no optional params, so an
                empty `allow` is no limit, not a list that allows nothing.

        Raises:
            MlflowException: where the artifact raises `InputError`, with its message without the
                ids of other customers. One bad row refuses the request.
        """
        from mlflow.exceptions import MlflowException

        try:
            rows, arguments = request.rows(model_input), request.params(params or {})
            answers: list[dict[str, Any]] = json.loads(self.answers(rows, arguments))
        except InputError as error:
            raise MlflowException.invalid_parameter_value(public_message(error)) from None
        return answers

    def answers(self, rows: Sequence[Row], params: Mapping[str, Any]) -> str:
        """Recommendations for rows as a JSON list; params as `request.params` returns them.

        Raises:
            InputError: the params or a row are not usable; the message names the row.
        """
        arguments = dict(params)
        explain, strict = arguments.pop("explain", 3), bool(arguments.pop("strict", False))
        query, popular, answers = self.artifact.query(**arguments), None, []
        given: list[tuple[Recommendation, object]] = []
        for number, row in enumerate(rows, start=1):
            try:
                customer = self._customer_state(row, strict)
            except UnknownIdError as error:
                raise error.of(f"row {number}") from None
            except InputError as error:
                raise InputError(f"row {number}: {error}") from None
            if customer.known or row.events or row.customer is None:
                answer = self.artifact.rank(customer, query, explain)
                answers.append(asdict(answer))
                given.append((answer, answer.customer_id))
                continue
            if popular is None:
                is_cached = not arguments.get("exclude") and arguments.get("allow") is None
                popular = (self._cached if is_cached else self._popular)(customer, query)
            answer, values = popular
            answers.append({**values, CUSTOMER: customer.id})
            given.append((answer, customer.id))
        # Times and UUIDs become text here, so that MLflow does not convert them otherwise.
        text = json.dumps(answers, default=_as_text)
        if self.log is not None:
            for answer, customer_id in given:
                self.log.add(
                    answer, customer_id=customer_id, model_version=self.artifact.contents.version
                )
        return text

    def knows(self, row: Row) -> bool:
        """Whether a row is of a known customer, or has no customer_id."""
        if row.customer is None:
            return True
        return bool(self.artifact.customers.first_rows([row.customer])[0] >= 0)

    def _customer_state(self, row: Row, strict: bool) -> CustomerState:
        # Without fresh events, a known customer needs no model that can fold them in.
        events = row.events if row.events or row.customer is None else None
        return self.artifact.customer_state(row.customer, events, strict)

    def _popular(self, customer: CustomerState, query: Query) -> "_Popular":
        answer = self.artifact.rank(customer, query, 0)
        return answer, asdict(answer)

    def _cached(self, customer: CustomerState, query: Query) -> "_Popular":
        """As `_popular`, which is the same for all unknown customers, from a cache."""
        key = query.k, query.touchpoint, query.moment
        answer = self._answers.get(key)
        if answer is None:
            answer = self._popular(customer, query)
            # Another thread may store the same answer.
            if len(self._answers) >= _CACHED:
                self._answers.clear()
            self._answers[key] = answer
        return answer


_Popular: TypeAlias = tuple[Recommendation, dict[str, Any]]
"""An answer by popularity, and its values."""


def _load_pyfunc(path: str) -> OfferModel:
    """MLflow calls this with the path of the artifact in the model.

    Answers are logged if the environment variable RECSYS_ANSWER_LOG names a folder, customers
    hashed if RECSYS_ANSWER_LOG_CUSTOMERS is "hashed".
    """
    _see_requests_first()
    artifact = load(path)
    return OfferModel(artifact, log_of_environment(artifact.contents.version))


def _see_requests_first() -> None:
    """Passes requests to an `OfferModel` before MLflow has changed them.

    MLflow drops params and columns that a signature does not name, repeats the complete request in
    an error, and answers a broken CSV with its stack trace. Requests to other models are not
    changed. Where a later MLflow has another server, it handles requests to an `OfferModel` too.
    """
    from mlflow.pyfunc import PyFuncModel

    predict = PyFuncModel.predict
    if getattr(predict, "asks_offers", False):
        return

    @wraps(predict)
    def predict_offers(model: Any, data: Any, params: Any = None) -> Any:
        offers = model._model_impl
        return (
            offers.predict(data, params)
            if isinstance(offers, OfferModel)
            else predict(model, data, params)
        )

    predict_offers.asks_offers = True  # type: ignore[attr-defined]
    PyFuncModel.predict = predict_offers
    server = sys.modules.get("mlflow.pyfunc.scoring_server")
    guarded = getattr(server, _GUARD, None)
    if guarded is not None:
        setattr(server, _GUARD, lambda answer: _endpoint(answer) or guarded(answer))


_GUARD = "_async_catch_mlflow_exception"
"""The decorator of the function that answers requests in MLflow's server; it is replaced here."""


def _endpoint(answer: Any) -> Any:
    """A replacement of the server's function, a closure over its model; None for other models."""
    cells = dict(zip(answer.__code__.co_freevars, answer.__closure__ or (), strict=True))
    model = cells["model"].cell_contents if "model" in cells else None
    offers = getattr(model, "_model_impl", None)
    if not isinstance(offers, OfferModel):
        return None
    endpoint = Endpoint(offers)

    @wraps(answer)
    async def answer_offers(request: Any) -> Any:
        return await endpoint.answer(request)

    return answer_offers


def save(
    model: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    shown: Callable[[list[Any]], list[Any]] = list,
) -> None:
    """Writes an artifact as an MLflow model, for `mlflow models serve --model-uri`.

    Requests are JSON (`dataframe_records`, `dataframe_split` or `inputs`) or Parquet; CSV is
    refused.

    Args:
        model: folder to write, which must not exist.
        folder: of the artifact.
        shown: replaces the customer ids in the example request, which more people can read than the
            artifact; must return as many ids as it gets.

    Raises:
        InputError: the artifact cannot be loaded, or `model` is taken.
    """
    from mlflow import pyfunc

    if Path(model).exists():
        raise InputError(f"{model} exists already; name another folder for the MLflow model")
    contents = load(folder).contents
    with TemporaryDirectory() as code:
        pyfunc.save_model(
            path=os.fspath(model),
            loader_module=__name__,
            data_path=str(Path(folder).resolve()),
            code_paths=[str(copy_needed(_PACKAGE, __name__, Path(code)))],
            signature=_signature(contents),
            input_example=(_example(contents, shown), {"k": 10}),
            # Without a list, MLflow would load the model in a new environment, over the network.
            pip_requirements=[f"{name}=={version(name)}" for name in _NEEDED],
        )


def _signature(contents: Contents) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    customer, product = _type_of(contents.customers.ids), _type_of(contents.products.ids)
    # MLflow refuses missing values of types other than `AnyType`: pandas turns numbers into floats
    # then, and NaN is not a list. `request` checks the values.
    columns = [
        ColSpec(AnyType() if customer == "long" else customer, CUSTOMER, required=False),
        ColSpec(AnyType(), EVENTS, required=False),
    ]
    params = [
        ParamSpec("k", "long", 10),
        ParamSpec("explain", "long", 3),
        ParamSpec("touchpoint", "string", ""),
        ParamSpec("at", "string", ""),
        ParamSpec("exclude", product, [], shape=(-1,)),
        ParamSpec("allow", product, [], shape=(-1,)),
        ParamSpec("strict", "boolean", False),
    ]
    return ModelSignature(inputs=Schema(columns), params=ParamSchema(params))


def _example(contents: Contents, shown: Callable[[list[Any]], list[Any]]) -> list[dict[str, Any]]:
    """A row of each kind that the model can answer."""
    customers = [_plain(id_) for id_ in shown(contents.customers.ids[:2].tolist())]
    product = _plain(contents.products.ids[:1].tolist()[0])
    rows: list[dict[str, Any]] = [{CUSTOMER: customer} for customer in customers]
    if contents.fold_in is not None and contents.fold_in.rule is not None:
        event: dict[str, Any] = {"product_id": product, "weight": 1.0}
        if contents.action_names:
            event = {"product_id": product, "action": contents.action_names[0]}
        rows.append({CUSTOMER: customers[0], EVENTS: [event]})
        if contents.fold_in.rest is not None:
            rows.append({EVENTS: [product]})
    return rows


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _type_of(ids: Any) -> str:
    return "long" if np.issubdtype(ids.dtype, np.integer) else "string"
