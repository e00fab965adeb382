"""Exporting a model that was fitted in a notebook or a script, without a run."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.contents import contents_of, vectors_of
from recsys.exporting.exportable import refuse_unexportable
from recsys.exporting.fidelity import fidelity
from recsys.models.base import Recommender
from recsys.serving.storage import require_free, write
from recsys.tracking.environment import git_commit, versions

DIM = 256
"""Columns kept of a filter, which has no vectors of its own."""

_LISTS, _CUSTOMERS = 10, 1000


def export(
    model: Recommender, data: Dataset, folder: str | os.PathLike[str], overwrite: bool = False
) -> Path:
    """Writes a fitted model and its data as an artifact that serving loads.

    Args:
        model: fitted on `data`: usually on all events, after it was chosen on a split.
        data: the data set.
        folder: where; its parents are made.
        overwrite: whether an artifact that is there may be replaced.

    Returns:
        The folder.

    Raises:
        InputError: the model lacks a method that export needs, or was not fitted on `data`; or the
            folder is taken. Nothing is written then.
    """
    refuse_unexportable(model)
    fitted_data(model, data)
    target = Path(folder)
    require_free(target.resolve(), overwrite)
    vectors, fold_in = vectors_of(model, DIM)
    contents = contents_of(model, vectors, fold_in, data, facts_of(model, data))
    measured = fidelity(model.score, contents, "float32", _CUSTOMERS, _LISTS)
    contents = replace(contents, facts={**contents.facts, "fidelity": measured})
    write(target, contents, overwrite)
    return target


def fitted_data(model: Any, data: Dataset | None = None) -> Dataset:
    """The data that a model was fitted on.

    Args:
        model: any model; one that does not say is taken at its word where `data` are given.
        data: what it has to be.

    Raises:
        InputError: the model is not fitted, or on other data.
    """
    name, fitted = type(model).__name__, getattr(model, "fitted_data", None)
    if fitted is None:
        if data is not None and not hasattr(model, "fitted_data"):
            return data
        raise InputError(f"{name} is not fitted; call fit(data) first")
    assert isinstance(fitted, Dataset)
    if data is not None and not _same(fitted, data):
        raise InputError(
            f"{name} was fitted on other data or on a part of these; call fit(data) with the data "
            "to be exported"
        )
    return fitted


def facts_of(model: Any, data: Dataset) -> Mapping[str, Any]:
    """What the manifest and the model card say of the model and its data."""
    return {
        "model": type(model).__name__,
        "data": {"name": data.name, "fingerprint": data.fingerprint},
        "trained_on": {
            "interactions": len(data.interactions),
            "customers": len(data.customers),
            "products": len(data.products),
            "touchpoints": len(data.touchpoints),
        },
        "fitted_on": "the data given to export",
        "as_of": data.as_of_seconds if data.clock == "timestamp" else data.as_of,
        "clock": data.clock,
        "git_commit": git_commit(),
        "versions": versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _same(one: Dataset, other: Dataset) -> bool:
    return one is other or (
        one.fingerprint == other.fingerprint
        and len(one.interactions) == len(other.interactions)
        and one.as_of == other.as_of
    )
