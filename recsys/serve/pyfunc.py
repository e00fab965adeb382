"""The artifact as an MLflow model: JSON in, offers out.

MLflow imports this module by its name and calls `_load_pyfunc`, so that nothing is pickled. The
model carries the artifact and the code that reads it: a champion that comes back years later
answers as it did, and a server needs nothing that no index has.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from recsys.errors import InputError
from recsys.serve.artifact import load
from recsys.serve.recommend import Artifact

CUSTOMER = "customer_id"
NO_TOUCHPOINT = ""
"""The param `touchpoint` where none in particular is asked for: MLflow knows no optional text."""

_PACKAGE = Path(__file__).parents[1]
_NEEDED = ("mlflow", "numpy", "pyarrow", "safetensors")


class Offers:
    """What MLflow calls: one customer a row in, one recommendation a row out."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact

    def predict(self, asked: Any, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Recommendations, as `Artifact.recommend` gives them, in plain JSON values.

        Args:
            asked: anything with a column `customer_id`, as the DataFrame that MLflow makes.
            params: k; touchpoint, "" for none in particular; exclude, product ids.

        Raises:
            MlflowException: where `Artifact.recommend` raises `InputError`, with its words: MLflow
                hides those of others from who asked. One unknown customer refuses the request.
        """
        from mlflow.exceptions import MlflowException

        given = dict(params or {})
        try:
            answers = [
                self.artifact.recommend(
                    customer,
                    k=int(given.get("k", 10)),
                    touchpoint=given.get("touchpoint") or None,
                    exclude=list(given.get("exclude", ())),
                )
                for customer in list(asked[CUSTOMER])
            ]
        except InputError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None
        # Times and UUIDs become text once, here, whatever MLflow would make of them.
        text = json.dumps([asdict(one) for one in answers], default=_as_text)
        plain: list[dict[str, Any]] = json.loads(text)
        return plain


def _load_pyfunc(path: str) -> Offers:
    """What MLflow calls with the path of the artifact in the model."""
    return Offers(load(path))


def save(model: str | os.PathLike[str], folder: str | os.PathLike[str]) -> None:
    """Writes an artifact as an MLflow model, which `mlflow models serve --model-uri` takes.

    Args:
        model: folder to write; it must not be there.
        folder: of the artifact.

    Raises:
        InputError: the artifact cannot be loaded, or `model` is taken.
    """
    from mlflow import pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    if Path(model).exists():
        raise InputError(f"{model} is there already; name another folder for the MLflow model")
    contents = load(folder).contents
    params = [
        ParamSpec("k", "long", 10),
        ParamSpec("touchpoint", "string", NO_TOUCHPOINT),
        ParamSpec("exclude", _type_of(contents.product_ids), [], shape=(-1,)),
    ]
    example = [
        one if isinstance(one, int) else str(one) for one in contents.customer_ids[:2].tolist()
    ]
    pyfunc.save_model(
        path=os.fspath(model),
        loader_module=__name__,
        data_path=str(Path(folder).resolve()),
        code_paths=[str(_PACKAGE)],
        signature=ModelSignature(
            inputs=Schema([ColSpec(_type_of(contents.customer_ids), CUSTOMER)]),
            params=ParamSchema(params),
        ),
        input_example=([{CUSTOMER: one} for one in example], {"k": 10}),
        # MLflow would find them out by loading the model in a new environment, over the network.
        pip_requirements=[f"{name}=={version(name)}" for name in _NEEDED],
    )


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _type_of(ids: Any) -> str:
    return "long" if np.issubdtype(ids.dtype, np.integer) else "string"
