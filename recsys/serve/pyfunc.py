"""The artifact as an MLflow model: JSON in, offers out.

MLflow imports this module by its name and calls `_load_pyfunc`, so that nothing is pickled. The
model carries the artifact and the code that reads it: a champion that comes back years later
answers as it did, and a server needs nothing that no index has.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from recsys.errors import InputError
from recsys.serve import request
from recsys.serve.artifact import load
from recsys.serve.contents import Contents
from recsys.serve.offers import Recommendation
from recsys.serve.recommend import Artifact

CUSTOMER, EVENTS = "customer_id", "events"

_PACKAGE = Path(__file__).parents[1]
_NEEDED = ("mlflow", "numpy", "pyarrow", "safetensors")


class Offers:
    """What MLflow calls: one customer a row in, one recommendation a row out."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact

    def predict(self, asked: Any, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Recommendations, as `Artifact` gives them, in plain JSON values.

        Args:
            asked: the DataFrame that MLflow makes, of one or both of these columns. `customer_id`;
                missing for somebody unseen. `events`, what was done just now: a list of product
                ids, or of objects {"product_id", and "action" or "weight"}; with a customer_id
                they are added to what the customer did before.
            params: k; explain, how many reasons an offer; touchpoint, "" for none in particular;
                at, a date-time with its zone, "" for the artifact's cut-off; exclude, product ids;
                allow, the only product ids in question. MLflow knows no optional params, so an
                empty `allow` is no limit, and not a list that allows nothing.

        Raises:
            MlflowException: where the artifact raises `InputError`, with its words: MLflow
                hides those of others from who asked. One bad row refuses the request.
        """
        from mlflow.exceptions import MlflowException

        try:
            answers = self._answers(asked, _usable(params or {}))
        except InputError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None
        # Times and UUIDs become text once, here, whatever MLflow would make of them.
        text = json.dumps([asdict(one) for one in answers], default=_as_text)
        plain: list[dict[str, Any]] = json.loads(text)
        return plain

    def _answers(self, asked: Any, params: Mapping[str, Any]) -> list[Recommendation]:
        if CUSTOMER not in asked and EVENTS not in asked:
            # MLflow drops columns that it does not know, and the rows with the last of them.
            raise InputError(f"expected a column {CUSTOMER}, {EVENTS} or both, got neither")
        rows = zip(request.column(asked, CUSTOMER), request.column(asked, EVENTS), strict=True)
        return [self._answer(place, *row, params) for place, row in enumerate(rows, start=1)]

    def _answer(
        self, place: int, customer: Any, events: Any, params: Mapping[str, Any]
    ) -> Recommendation:
        if customer is None and events is None:
            raise InputError(f"row {place}: expected {CUSTOMER}, {EVENTS} or both, got neither")
        known = None if customer is None else request.customer(customer)
        fresh = [] if events is None else request.fresh_events(events)
        if known is not None and not fresh:
            return self.artifact.recommend(known, **params)
        return self.artifact.recommend_events(fresh, customer_id=known, **params)


def _load_pyfunc(path: str) -> Offers:
    """What MLflow calls with the path of the artifact in the model."""
    return Offers(load(path))


def save(
    model: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    shown: Callable[[list[Any]], list[Any]] = list,
) -> None:
    """Writes an artifact as an MLflow model, which `mlflow models serve --model-uri` takes.

    Requests are JSON (`dataframe_records`, `dataframe_split` or `inputs`) or Parquet: MLflow reads
    no CSV where a column may hold lists.

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

    customer, product = _type_of(contents.customer_ids), _type_of(contents.product_ids)
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
    ]
    return ModelSignature(inputs=Schema(columns), params=ParamSchema(params))


def _usable(params: Mapping[str, Any]) -> dict[str, Any]:
    """Params of a request as arguments of `Artifact.recommend`; what is empty was not said."""
    given = {name: value for name, value in params.items() if value not in (None, "", [])}
    if "at" in given:
        given["at"] = request.moment(given["at"])
    return given


def _example(contents: Contents, shown: Callable[[list[Any]], list[Any]]) -> list[dict[str, Any]]:
    """Rows of each kind that the model answers."""
    customers = [_plain(one) for one in shown(contents.customer_ids[:2].tolist())]
    (product,) = [_plain(one) for one in contents.product_ids[:1].tolist()]
    rows: list[dict[str, Any]] = [{CUSTOMER: one} for one in customers]
    if contents.fold_in_rule is not None:
        event: dict[str, Any] = {"product_id": product, "weight": 1.0}
        if contents.event_action_names:
            event = {"product_id": product, "action": contents.event_action_names[0]}
        rows.append({CUSTOMER: customers[0], EVENTS: [event]})
        if contents.fold_in_rest is not None:
            rows.append({EVENTS: [product]})
    return rows


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _type_of(ids: Any) -> str:
    return "long" if np.issubdtype(ids.dtype, np.integer) else "string"
