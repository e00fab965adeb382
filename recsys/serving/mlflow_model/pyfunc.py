"""The artifact as an MLflow model: JSON in, offers out.

MLflow imports this module by its name and calls `_load_pyfunc`, so that nothing is pickled. The
model carries the artifact and the code that reads it: a champion that comes back years later
answers as it did, and a server needs nothing that no index has.
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
from typing import Any

import numpy as np

from recsys.errors import InputError
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import UnknownIdError, in_public
from recsys.serving.mlflow_model import request
from recsys.serving.mlflow_model.over_http import Endpoint
from recsys.serving.mlflow_model.request import CUSTOMER, EVENTS, Row
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.customer_state import CustomerState
from recsys.serving.query.query import Query, question
from recsys.serving.storage import load

_PACKAGE = Path(__file__).parents[2]
_NEEDED = ("mlflow", "numpy", "pyarrow", "safetensors")
_KEPT = 64
"""Answers of popularity that are kept, one for each question and second."""


class OfferModel:
    """What MLflow calls: one customer a row in, one recommendation a row out."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self._answers: dict[tuple[Any, ...], dict[str, Any]] = {}

    def predict(self, asked: Any, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Recommendations, as `Artifact` gives them, in plain JSON values.

        Args:
            asked: rows of one or both of these columns, as a DataFrame, a list of mappings or a
                mapping of lists. `customer_id`; missing for somebody unseen. `events`, what was
                done just now: a list of product ids, or of objects {"product_id", and "action" or
                "weight"}; with a customer_id they are added to what the customer did before.
            params: k; explain, how many reasons an offer; touchpoint, "" for none in particular;
                at, a moment, "" for now, "as_of" for the artifact's cut-off; exclude, product ids;
                allow, the only product ids in question; strict, whether an unknown customer
                refuses the request, instead of getting what is popular, marked as such. MLflow
                knows no optional params, so an empty `allow` is no limit, and not a list that
                allows nothing.

        Raises:
            MlflowException: where the artifact raises `InputError`, with its words but for the ids
                of other customers: MLflow hides those of others from who asked. One bad row
                refuses the request.
        """
        from mlflow.exceptions import MlflowException

        try:
            rows, said = request.rows(asked), request.params(params or {})
            plain: list[dict[str, Any]] = json.loads(self.answers(rows, said))
        except InputError as error:
            raise MlflowException.invalid_parameter_value(in_public(error)) from None
        return plain

    def answers(self, rows: Sequence[Row], params: Mapping[str, Any]) -> str:
        """Recommendations of rows as a JSON list; params as of `request.params`.

        Raises:
            InputError: the params or a row cannot be answered; the message names the row.
        """
        said = dict(params)
        explain, strict = said.pop("explain", 3), bool(said.pop("strict", False))
        said["k"] = said.get("k", 10)
        asked, popular, found = self._question(**said), None, []
        for place, row in enumerate(rows, start=1):
            try:
                person = self._person(row, strict)
            except UnknownIdError as error:
                raise error.of(f"row {place}") from None
            except InputError as error:
                raise InputError(f"row {place}: {error}") from None
            if person.known or row.events or row.customer is None:
                found.append(asdict(self.artifact.answer(person, asked, explain)))
                continue
            if popular is None:
                is_kept = not said.get("exclude") and said.get("allow") is None
                popular = (self._kept if is_kept else self._popular)(person, asked)
            found.append({**popular, CUSTOMER: person.id})
        # Times and UUIDs become text once, here, whatever MLflow would make of them.
        return json.dumps(found, default=_as_text)

    def knows(self, row: Row) -> bool:
        """Whether a row is of a customer of the artifact, or of none in particular."""
        if row.customer is None:
            return True
        starts, ends = self.artifact.customers.find([row.customer])
        return bool(starts[0] < ends[0])

    def _question(self, **said: Any) -> Query:
        return question(self.artifact.contents, self.artifact.products, **said)

    def _person(self, row: Row, strict: bool) -> CustomerState:
        # A known customer who did nothing just now needs no model that can be folded into.
        events = row.events if row.events or row.customer is None else None
        return self.artifact.person(row.customer, events, strict)

    def _popular(self, nobody: CustomerState, asked: Query) -> dict[str, Any]:
        return asdict(self.artifact.answer(nobody, asked, 0))

    def _kept(self, nobody: CustomerState, asked: Query) -> dict[str, Any]:
        """As `_popular`: the same for all who are unknown, and so kept for a while."""
        key = asked.k, asked.asked, asked.moment
        found = self._answers.get(key)
        if found is None:
            found = self._popular(nobody, asked)
            # Another thread may do the same: what is kept is equal.
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[key] = found
        return found


def _load_pyfunc(path: str) -> OfferModel:
    """What MLflow calls with the path of the artifact in the model."""
    _ask_before_mlflow()
    return OfferModel(load(path))


def _ask_before_mlflow() -> None:
    """Lets an `OfferModel` see what is asked before MLflow has dropped half of it.

    MLflow leaves out params and columns that a signature does not name, writes the whole request
    before a refusal, and puts its stack trace into the answer to a broken CSV. What is asked of
    other models stays with MLflow; where its server has changed, so does what is asked of ours.
    """
    from mlflow.pyfunc import PyFuncModel

    predict = PyFuncModel.predict
    if getattr(predict, "asks_offers", False):
        return

    @wraps(predict)
    def ours_first(model: Any, data: Any, params: Any = None) -> Any:
        offers = model._model_impl
        return (
            offers.predict(data, params)
            if isinstance(offers, OfferModel)
            else predict(model, data, params)
        )

    ours_first.asks_offers = True  # type: ignore[attr-defined]
    PyFuncModel.predict = ours_first
    server = sys.modules.get("mlflow.pyfunc.scoring_server")
    guarded = getattr(server, _GUARD, None)
    if guarded is not None:
        setattr(server, _GUARD, lambda answer: _endpoint(answer) or guarded(answer))


_GUARD = "_async_catch_mlflow_exception"
"""The decorator of the server's function that answers; here it is where our own is put."""


def _endpoint(answer: Any) -> Any:
    """Our function for the server's own, of whose model it is a closure; None for other models."""
    kept = dict(zip(answer.__code__.co_freevars, answer.__closure__ or (), strict=True))
    model = kept["model"].cell_contents if "model" in kept else None
    offers = getattr(model, "_model_impl", None)
    if not isinstance(offers, OfferModel):
        return None
    endpoint = Endpoint(offers)

    @wraps(answer)
    async def ours(request: Any) -> Any:
        return await endpoint.answer(request)

    return ours


def save(
    model: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    shown: Callable[[list[Any]], list[Any]] = list,
) -> None:
    """Writes an artifact as an MLflow model, which `mlflow models serve --model-uri` takes.

    Requests are JSON (`dataframe_records`, `dataframe_split` or `inputs`) or Parquet; CSV is
    refused.

    Args:
        model: folder to write; it must not be there.
        folder: of the artifact.
        shown: what stands for customer ids in the example of a request, one for each id; MLflow
            keeps the example where more people read it than the artifact.

    Raises:
        InputError: the artifact cannot be loaded, or `model` is taken.
    """
    from mlflow import pyfunc

    if Path(model).exists():
        raise InputError(f"{model} is there already; name another folder for the MLflow model")
    contents = load(folder).contents
    pyfunc.save_model(
        path=os.fspath(model),
        loader_module=__name__,
        data_path=str(Path(folder).resolve()),
        code_paths=[str(_PACKAGE)],
        signature=_signature(contents),
        input_example=(_example(contents, shown), {"k": 10}),
        # MLflow would find them out by loading the model in a new environment, over the network.
        pip_requirements=[f"{name}=={version(name)}" for name in _NEEDED],
    )


def _signature(contents: Contents) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    customer, product = _type_of(contents.customers.ids), _type_of(contents.products.ids)
    # Of another type than `AnyType` MLflow refuses an absent value: a number because pandas makes
    # floats of numbers then, a list because NaN is none. What comes is checked in our own words.
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
    """Rows of each kind that the model answers."""
    customers = [_plain(one) for one in shown(contents.customers.ids[:2].tolist())]
    (product,) = [_plain(one) for one in contents.products.ids[:1].tolist()]
    rows: list[dict[str, Any]] = [{CUSTOMER: one} for one in customers]
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
